"""`spans`: parts of a text, each with a label, a score, and its place in characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sealift.contract.outputs.base import OutputKind, OutputSpec
from sealift.contract.outputs.token_spans import PLACES, STRATEGIES, spans_of
from sealift.contract.outputs.tolerance import Tolerance, matches
from sealift.contract.scalars import shown

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

_SETTINGS = {"aggregation", "ignored"}


class SpansKind(OutputKind):
    """A tensor (N, maximum, 3 + classes): the tokens of a text, each with its place and its probabilities.

    The three numbers are the beginning and the end of the token in characters of the text, and 0 where it begins a
    word, 1 where it continues one, −1 for no token. The tokens of a row come first, in their order.
    """

    name = "spans"
    capability = "output:spans/1"
    task = "detection"
    has_axes = True
    has_settings = True

    def problem(self, output: OutputSpec) -> str | None:
        """It must have classes, numbers for each token, and the strategy by which tokens become spans."""
        wrong = super().problem(output)
        if wrong is not None:
            return wrong
        if not output.classes:
            return "an output of the kind spans must have classes"
        shape, width = output.shape, PLACES + len(output.classes)
        if shape is None or len(shape) != 2 or shape[1] != width or isinstance(shape[0], str):
            return f"the shape of an output of the kind spans must be a number and {PLACES} more than its classes"
        settings = output.settings or {}
        ignored = settings.get("ignored")
        if set(settings) != _SETTINGS or settings["aggregation"] not in STRATEGIES:
            return (
                f"the settings of an output of the kind spans must be aggregation ({', '.join(STRATEGIES)}) and ignored"
            )
        if not isinstance(ignored, list) or not all(isinstance(label, str) for label in ignored):
            return "ignored must be a list of strings"
        return None

    def plain(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Any]:
        """For each row a list of objects with the span, its label and its score."""
        names = [str(name) for name in output.class_names or map(shown, output.classes or ())]
        settings = output.settings or {}
        strategy, ignored = settings["aggregation"], frozenset(settings["ignored"])
        return [spans_of(row, names, strategy, ignored) for row in answers.tolist()]

    def schema(self, output: OutputSpec, value: Mapping[str, Any]) -> dict[str, Any]:
        """A list of objects."""
        place = {"type": "integer", "minimum": 0}
        span = {
            "type": "object",
            "properties": {"start": place, "end": place, "label": {"type": "string"}, "score": value},
            "required": ["start", "end", "label", "score"],
        }
        return {"type": "array", "items": span, "maxItems": (output.shape or (0,))[0]}

    def compare(
        self, got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Places must be equal, and probabilities within the tolerance."""
        import numpy as np

        if got.shape != expected.shape:
            return np.zeros(len(expected), dtype=np.bool_), np.inf
        placed, _ = matches(got[..., :PLACES], expected[..., :PLACES], None)
        same, worst = matches(got[..., PLACES:], expected[..., PLACES:], tolerance)
        return placed & same, worst if placed.all() else np.inf


SPANS = SpansKind()
