"""`TokenLabels`: labelled parts of a text, from the classes of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.spans import SPANS
from sealift.contract.outputs.token_spans import PLACES, STRATEGIES
from sealift.errors import PackError
from sealift.graph.inputs import StageTensor
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Builder, Tensor
from sealift.packing.heads.base import Geometry, OutputHead, check_names, misfit, unusable
from sealift.packing.heads.box_graph import top_values
from sealift.packing.heads.classes import activate

Rows = TypeVar("Rows", Tensor, npt.NDArray[np.float64])
Aggregation = Literal["none", "simple", "first", "max", "average"]


class TokenLabels(OutputHead):
    """The output has a number for each class of each token; the answers are spans of the text with labels.

    The strategies are those of the token classification pipeline of Hugging Face `transformers`. "none" gives a span
    for each token. "simple" joins neighbouring tokens of the same class; names that begin with B- begin a new span, and
    the prefixes B- and I- are no part of a label. "first", "max" and "average" first give all tokens of a word one
    class: that of its first token, that of its token with the highest probability, or that of the mean probabilities.

    Args:
        names: the names of the classes, in the order of the model's numbers.
        aggregation: the strategy.
        ignored: labels whose spans are left out.

    Raises:
        PackError: E352 for arguments that cannot be used.
    """

    kinds = (SPANS.name,)
    is_located = True

    def __init__(
        self, names: Sequence[str], aggregation: Aggregation = "simple", *, ignored: Sequence[str] = ("O",)
    ) -> None:
        self.names = check_names("TokenLabels", names)
        if aggregation not in STRATEGIES:
            listed = ", ".join(map(repr, STRATEGIES))
            raise unusable("TokenLabels", f"aggregation {aggregation!r:.40} is not known", f"Use one of {listed}.")
        if isinstance(ignored, str) or not all(isinstance(label, str) for label in ignored):
            raise unusable("TokenLabels", "ignored must be a list of strings", 'Use ignored=["O"].')
        self.aggregation = aggregation
        self.ignored = tuple(ignored)

    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """The tokens with their places and probabilities, float64 (N, maximum, 3 + classes)."""
        count = len(self.names)
        shape = raw[0].shape[1:]
        if len(shape) != 2 or shape[1] != count:
            raise misfit("TokenLabels", shape, f"(rows, tokens, {count})")
        places, maximum = _checked(geometry)
        probabilities = raw[0].cast("float64").op("Softmax", axis=2)
        width = PLACES + count
        whole = places.graph.add(
            "Concat", [places.cast("float64"), probabilities], "float64", (None, None, width), axis=2
        )
        # The tokens of a row first: of equal numbers, TopK gives the first ones. At least `maximum` of them exist.
        marks = places.op("Gather", np.array(2), shape=(None, None), axis=2)
        real = marks.op("GreaterOrEqual", np.array(0), dtype="bool").cast("float32")
        padded = real.op("Pad", np.array([0, 0, 0, maximum]), np.array(0.0, np.float32), mode="constant")
        is_token, order = top_values(padded, maximum)
        longer = whole.op("Pad", np.array([0, 0, 0, 0, maximum, 0]), np.array(0.0), mode="constant")
        at = order.op("Unsqueeze", np.array([2]), shape=(None, maximum, 1))
        picked = longer.op("GatherND", at, shape=(None, maximum, width), batch_dims=1)
        known = (is_token > 0.5).op("Unsqueeze", np.array([2]), shape=(None, maximum, 1))
        tokens = known.op("Where", picked, picked.lift(_nothing(count)), dtype="float64", shape=picked.shape)
        about = {
            "classes": tuple(range(count)),
            "class_names": self.names,
            "settings": {"aggregation": self.aggregation, "ignored": list(self.ignored)},
        }
        return [NamedOutput(names[0], tokens, SPANS.name, about, sizes=(maximum, width))]

    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """As `attach`."""
        places, maximum = _checked(geometry)
        probabilities = activate(np.asarray(raw[0], dtype=np.float64), "softmax", 1.0)
        rows = np.tile(_nothing(len(self.names)), (len(places), maximum, 1))
        for row, own, shares in zip(rows, places, probabilities, strict=True):
            real = own[:, 2] >= 0
            row[: real.sum()] = np.hstack([own[real], shares[: len(real)][real]])
        return [rows]


def places_in(graph: Builder) -> Geometry[Tensor] | None:
    """The places of the tokens of the first tokenizer of a graph that computes them; None where none does."""
    stages = (tensor for tensor in graph.inputs if isinstance(tensor, StageTensor))
    places = next((tensor for tensor in stages if tensor.locates), None)
    if places is None:
        return None
    longest = places.stage.type.longest(places.stage.spec)
    return Geometry(places, None if longest is None else (longest, PLACES))


def _nothing(classes: int) -> npt.NDArray[np.float64]:
    """The numbers of no token, (1, 1, 3 + classes)."""
    return np.array([[[0.0, 0.0, -1.0, *[0.0] * classes]]])


def _checked(geometry: Geometry[Rows] | None) -> tuple[Rows, int]:
    """The places, and the most tokens of a text. Raises PackError E353 without a tokenizer or a limit."""
    if geometry is None or len(geometry.rows.shape) != 3:
        raise PackError(
            "E353",
            "TokenLabels needs the places of tokens in a text, but the model has no tokenizer.",
            where="outputs",
            fix="Give the tokenizer: preprocess=tokenizer, with X a list of texts.",
        )
    if geometry.size is None:
        raise PackError(
            "E353",
            "TokenLabels needs a limit for the number of tokens, but the tokenizer does not cut texts.",
            where="outputs",
            fix="Call tokenizer.enable_truncation(512), or set model_max_length of a tokenizer of transformers. A text "
            "that is cut is reported with its answer.",
        )
    return geometry.rows, geometry.size[0]
