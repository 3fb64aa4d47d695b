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
        yes, no: (n,) the child where the comparison holds, and where it does not.
        nan_yes: (n,) whether NaN goes to `yes`.
        leaf: what a leaf adds: (n,) to `target`, or (n, k) to each of k targets.
        target: the target of a one-column leaf.
        mode: (n,) the comparison, LEQ … MEMBER; LEQ everywhere when None.
        members: for a MEMBER node, the whole numbers that go to `yes`. Only whole numbers may come to it, or NaN,
            which goes to `no`: the engines do not agree on anything else.
    """

    feature: _Ints
    split: _Floats
    yes: _Ints
    no: _Ints
    nan_yes: _Bools
    leaf: _Floats
    target: int = 0
    mode: npt.NDArray[np.uint8] | None = None
    members: dict[int, _Floats] = field(default_factory=dict)


@dataclass
class _Forks:
    """The inner nodes of all trees, one after the other, as the operator's attributes hold them."""

    feature: _Ints
    split: npt.NDArray[np.floating]
    mode: npt.NDArray[np.uint8]
    yes: _Ints
    no: _Ints
    yes_leaf: _Bools
    no_leaf: _Bools
    nan_yes: _Bools


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
    forks, members, roots = _joined(trees, dtype)
    source = x.cast(dtype)
    forks, mirrored = _oriented(forks, x.width if mirror else None)
    if mirrored:
        source = source.with_negated()
    is_leaf = [tree.feature < 0 for tree in trees]
    chosen = [weight[leaf] for weight, leaf in zip(weights, is_leaf, strict=True)]
    aimed = [np.broadcast_to(t, leaf.shape)[leaf] for t, leaf in zip(targets, is_leaf, strict=True)]
    optional: dict[str, npt.NDArray[np.generic]] = {}
    if forks.nan_yes.any():
        optional["nodes_missing_value_tracks_true"] = forks.nan_yes.astype(np.int64)
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
        nodes_featureids=forks.feature,
        nodes_splits=forks.split,
        nodes_modes=forks.mode,
        nodes_truenodeids=forks.yes,
        nodes_falsenodeids=forks.no,
        nodes_trueleafs=forks.yes_leaf.astype(np.int64),
        nodes_falseleafs=forks.no_leaf.astype(np.int64),
        leaf_targetids=np.concatenate(aimed).astype(np.int64),
        leaf_weights=np.concatenate(chosen).astype(dtype),
        **optional,
    )


def _joined(trees: Sequence[Tree], dtype: str) -> tuple[_Forks, list[_Floats], _Ints]:
    """The forks of all trees in one numbering, the sets of the MEMBER forks, and the place of each root."""
    parts: list[tuple[npt.NDArray[np.generic], ...]] = []
    members: list[_Floats] = []
    roots: list[int] = []
    node_base = leaf_base = 0
    for tree in trees:
        is_leaf = tree.feature < 0
        inner = np.flatnonzero(~is_leaf)
        # Position of each node among the forks or among the leaves of the whole ensemble.
        place = np.where(is_leaf, leaf_base + np.cumsum(is_leaf) - 1, node_base + np.cumsum(~is_leaf) - 1)
        roots.append(node_base)
        leaf_base += int(is_leaf.sum())
        if not len(inner):
            # The operator has no bare leaf: both branches of an idle comparison lead to it.
            inner, yes, no, feature = np.array([0]), np.array([0]), np.array([0]), np.array([0])
        else:
            yes, no, feature = tree.yes[inner], tree.no[inner], tree.feature[inner]
        node_base += len(inner)
        mode = np.zeros(len(inner), np.uint8) if tree.mode is None else tree.mode[inner].astype(np.uint8)
        leaf = is_leaf[yes], is_leaf[no]
        split, nan_yes = tree.split[inner].astype(dtype), tree.nan_yes[inner]
        parts.append((feature, split, mode, place[yes], place[no], *leaf, nan_yes))
        members += [part for n in inner.tolist() if n in tree.members for part in (tree.members[n], np.array([np.nan]))]
    return _Forks(*map(np.concatenate, zip(*parts, strict=True))), members, np.array(roots, dtype=np.int64)


def _oriented(forks: _Forks, width: int | None) -> tuple[_Forks, bool]:
    """The same forks with the child that NaN goes to in the place of `no`, and whether they ask mirrored columns.

    ONNX Runtime lays the `no` child right behind its fork, where a row finds it without a trip to memory, and sends
    NaN there unless it is told to look for NaN at every fork. Libraries that met no NaN send it to the busier child.
    The operator is fastest where all comparisons are of one kind. So x > s becomes −x ≤ −s′, s′ the number next to s:
    exact, for the price of twice the columns. Measured: 20 to 35 % less time.
    """
    plain = forks.mode <= GT
    infinite = forks.split.dtype.type(np.inf)
    strict = plain & ((forks.mode == LT) | (forks.mode == GTE))
    if (strict & (forks.split == -infinite)).any():
        return forks, False  # no number lies below
    with np.errstate(over="ignore"):
        split = np.where(strict, np.nextafter(forks.split, -infinite), forks.split)
    # Every plain fork has now a low side, x ≤ split, and a high side.
    yes_low = forks.mode <= LT
    near_low = plain & (forks.nan_yes == yes_low)
    mirrors = width is not None and bool(plain.all())
    feature, mode = forks.feature, np.where(plain, np.uint8(LEQ), forks.mode)
    if width is not None and mirrors:
        near_low &= split < infinite  # no number lies above
        feature = np.where(near_low, feature + width, feature)
        with np.errstate(over="ignore"):
            split = np.where(near_low, -np.nextafter(split, infinite), split)
    elif plain.all():
        near_low[:] = False
    else:
        mode = np.where(near_low, np.uint8(GT), mode)
    swap = plain & (yes_low == near_low)  # `yes` is to be the far side: the low one unless that is near
    nan_yes = forks.nan_yes ^ swap
    yes, no = np.where(swap, forks.no, forks.yes), np.where(swap, forks.yes, forks.no)
    yes_leaf, no_leaf = np.where(swap, forks.no_leaf, forks.yes_leaf), np.where(swap, forks.yes_leaf, forks.no_leaf)
    return _Forks(feature, split, mode, yes, no, yes_leaf, no_leaf, nan_yes), mirrors
