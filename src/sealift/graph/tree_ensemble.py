"""Trees written down as one `TreeEnsemble` node (ai.onnx.ml 5), laid out so that rows seldom leave the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sealift.graph.builder import Tensor

# ai.onnx.ml 5, TreeEnsemble, nodes_modes
LEQ, LT, GTE, GT, EQ, NEQ, MEMBER = range(7)

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Tree:
    """One binary tree; node 0 is the root.

    Attributes:
        feature: (n,) the column compared; negative in a leaf.
        split: (n,) the threshold.
        true_child, false_child: (n,) the child where the comparison holds, and where it does not.
        nan_true: (n,) whether NaN goes to `true_child`.
        leaf: what a leaf adds: (n,) to `target`, or (n, k) to each of k targets.
        target: the target of a one-column leaf.
        mode: (n,) the comparison, LEQ … MEMBER; LEQ everywhere when None.
        members: for a MEMBER node, the integers that go to `true_child`. Only integers may reach it, or NaN, which goes
            to `false_child`: the engines do not agree on anything else.
    """

    feature: _Ints
    split: _Floats
    true_child: _Ints
    false_child: _Ints
    nan_true: _Bools
    leaf: _Floats
    target: int = 0
    mode: npt.NDArray[np.uint8] | None = None
    members: dict[int, _Floats] = field(default_factory=dict)


@dataclass
class _Splits:
    """The inner nodes of all trees, one after the other, as the operator's attributes hold them."""

    feature: _Ints
    split: npt.NDArray[np.floating]
    mode: npt.NDArray[np.uint8]
    true_child: _Ints
    false_child: _Ints
    true_leaf: _Bools
    false_leaf: _Bools
    nan_true: _Bools


def ensemble(
    x: Tensor,
    trees: Sequence[Tree],
    weights: Sequence[_Floats],
    targets: Sequence[int | _Ints],
    count: int,
    dtype: str = "float64",
    *,
    mirror: bool = False,
) -> Tensor:
    """The sums (N, `count`) of what the leaves add, in the order of `trees`, computed in `dtype`.

    Args:
        x: the columns compared (N, d), cast to `dtype`.
        trees: the trees; their own `leaf` is not read.
        weights: for each tree what its nodes add (n,).
        targets: for each tree the target of all of its leaves, or of each node (n,).
        count: the number of targets.
        dtype: float64, or float32.
        mirror: whether mirrored columns may be worth their price.
    """
    splits, members, roots = _joined(trees, dtype)
    source = x.cast(dtype)
    splits, mirrored = _oriented(splits, x.width if mirror else None)
    if mirrored:
        source = source.with_negated()
    is_leaf = [tree.feature < 0 for tree in trees]
    chosen = [weight[leaf] for weight, leaf in zip(weights, is_leaf, strict=True)]
    aimed = [np.broadcast_to(t, leaf.shape)[leaf] for t, leaf in zip(targets, is_leaf, strict=True)]
    optional: dict[str, npt.NDArray[np.generic]] = {}
    if splits.nan_true.any():
        optional["nodes_missing_value_tracks_true"] = splits.nan_true.astype(np.int64)
    if members:
        optional["membership_values"] = np.concatenate(members).astype(dtype)
    return source.op(
        "TreeEnsemble",
        dtype=dtype,
        shape=(x.shape[0], count),
        domain="ai.onnx.ml",
        aggregate_function=1,
        post_transform=0,
        n_targets=count,
        tree_roots=roots,
        nodes_featureids=splits.feature,
        nodes_splits=splits.split,
        nodes_modes=splits.mode,
        nodes_truenodeids=splits.true_child,
        nodes_falsenodeids=splits.false_child,
        nodes_trueleafs=splits.true_leaf.astype(np.int64),
        nodes_falseleafs=splits.false_leaf.astype(np.int64),
        leaf_targetids=np.concatenate(aimed).astype(np.int64),
        leaf_weights=np.concatenate(chosen).astype(dtype),
        **optional,
    )


def _joined(trees: Sequence[Tree], dtype: str) -> tuple[_Splits, list[_Floats], _Ints]:
    """The splits of all trees in one numbering, the sets of the MEMBER splits, and the place of each root."""
    parts: list[tuple[npt.NDArray[np.generic], ...]] = []
    members: list[_Floats] = []
    roots: list[int] = []
    node_base = leaf_base = 0
    for tree in trees:
        is_leaf = tree.feature < 0
        inner = np.flatnonzero(~is_leaf)
        # Position of each node among the splits or among the leaves of the whole ensemble.
        place = np.where(is_leaf, leaf_base + np.cumsum(is_leaf) - 1, node_base + np.cumsum(~is_leaf) - 1)
        roots.append(node_base)
        leaf_base += int(is_leaf.sum())
        if not len(inner):
            # The operator has no bare leaf: both branches of an idle comparison lead to it.
            inner, true_child, false_child, feature = np.array([0]), np.array([0]), np.array([0]), np.array([0])
        else:
            true_child, false_child, feature = tree.true_child[inner], tree.false_child[inner], tree.feature[inner]
        node_base += len(inner)
        mode = np.zeros(len(inner), np.uint8) if tree.mode is None else tree.mode[inner].astype(np.uint8)
        leaf = is_leaf[true_child], is_leaf[false_child]
        split, nan_true = tree.split[inner].astype(dtype), tree.nan_true[inner]
        parts.append((feature, split, mode, place[true_child], place[false_child], *leaf, nan_true))
        members += [part for n in inner.tolist() if n in tree.members for part in (tree.members[n], np.array([np.nan]))]
    return _Splits(*map(np.concatenate, zip(*parts, strict=True))), members, np.array(roots, dtype=np.int64)


def _oriented(splits: _Splits, width: int | None) -> tuple[_Splits, bool]:
    """The same splits with NaN going to `false_child`, and whether they compare negated columns.

    ONNX Runtime stores the false child right behind its split, where it is in the cache already, and sends NaN there
    unless it is asked to test for NaN at every split. Libraries that met no NaN send it to the more frequent child.
    The operator is fastest where all comparisons are of one kind. So x > s becomes −x ≤ −s′, s′ the number next to s:
    exact, for the price of twice the columns. Measured: 20 to 35 % less time.
    """
    plain = splits.mode <= GT
    infinite = splits.split.dtype.type(np.inf)
    strict = plain & ((splits.mode == LT) | (splits.mode == GTE))
    if (strict & (splits.split == -infinite)).any():
        return splits, False  # no number lies below
    with np.errstate(over="ignore"):
        split = np.where(strict, np.nextafter(splits.split, -infinite), splits.split)
    # Every plain split has now a low side, x ≤ split, and a high side.
    true_low = splits.mode <= LT
    near_low = plain & (splits.nan_true == true_low)
    mirrors = width is not None and bool(plain.all())
    feature, mode = splits.feature, np.where(plain, np.uint8(LEQ), splits.mode)
    if width is not None and mirrors:
        near_low &= split < infinite  # no number lies above
        feature = np.where(near_low, feature + width, feature)
        with np.errstate(over="ignore"):
            split = np.where(near_low, -np.nextafter(split, infinite), split)
    elif plain.all():
        near_low[:] = False
    else:
        mode = np.where(near_low, np.uint8(GT), mode)
    swap = plain & (true_low == near_low)  # the true child is to be the far side: the low one unless that is near
    nan_true = splits.nan_true ^ swap
    true_child = np.where(swap, splits.false_child, splits.true_child)
    false_child = np.where(swap, splits.true_child, splits.false_child)
    true_leaf = np.where(swap, splits.false_leaf, splits.true_leaf)
    false_leaf = np.where(swap, splits.true_leaf, splits.false_leaf)
    return _Splits(feature, split, mode, true_child, false_child, true_leaf, false_leaf, nan_true), mirrors
