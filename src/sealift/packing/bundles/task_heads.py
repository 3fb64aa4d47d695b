"""The heads of models of `transformers`, from their configuration: the rules of the library's pipelines."""

from __future__ import annotations

from typing import Any

from sealift.errors import PackError
from sealift.packing.heads.base import OutputHead
from sealift.packing.heads.boxes import Boxes
from sealift.packing.heads.classes import Classes
from sealift.packing.heads.multi_label import MultiLabel
from sealift.packing.heads.token_labels import Aggregation, TokenLabels
from sealift.packing.heads.value import Value

_LOGITS = "logits"
_DETECTORS = ("DetrImageProcessor", "YolosImageProcessor")
"""Image processors whose detectors give a softmax with no object as the last class."""
_QUERIES = ("num_queries", "num_detection_tokens")
"""The attributes of configurations with the number of candidates."""
_CLASSIFIERS = ("ForSequenceClassification", "ForImageClassification")


def head_of_class(model: Any, processor: Any) -> OutputHead | None:
    """The head for a model by the task in the name of its class; None for other classes."""
    name = type(model).__name__
    if name.endswith(_CLASSIFIERS):
        return classifier(model.config)
    if name.endswith("ForTokenClassification"):
        return tagger(model.config)
    if name.endswith("ForObjectDetection"):
        return detector(model.config, processor)
    return None


def names_of(config: Any) -> list[str]:
    """The names of the classes in the order of the logits."""
    return [str(config.id2label[place]) for place in range(config.num_labels)]


def classifier(config: Any, function: str | None = None) -> OutputHead:
    """The head of a classifier.

    Args:
        config: the model's configuration.
        function: what the caller applies to the logits: "softmax", "sigmoid" or "none"; None for the rule of the
            pipeline, which follows from the kind of problem and the number of labels.
    """
    names, problem = names_of(config), config.problem_type
    if function is None:
        if problem == "regression":
            function = "none"
        else:
            function = "sigmoid" if problem == "multi_label_classification" or len(names) == 1 else "softmax"
    if function == "none":
        return reading(Value(names if len(names) > 1 else None))
    if function == "softmax":
        return reading(Classes(names))
    several = problem == "multi_label_classification" or len(names) == 1
    return reading(MultiLabel(names) if several else Classes(names, activation="sigmoid"))


def tagger(config: Any, aggregation: Aggregation = "simple", ignored: list[str] | None = None) -> OutputHead:
    """The head of a token classifier."""
    return reading(TokenLabels(names_of(config), aggregation, ignored=["O"] if ignored is None else ignored))


def detector(config: Any, processor: Any, threshold: float = 0.5) -> OutputHead:
    """The head of a detector with a fixed number of queries. Raises PackError E325 for others."""
    if type(processor).__name__.removesuffix("Pil") not in _DETECTORS:
        raise PackError(
            "E325",
            f"How a {type(processor).__name__} makes boxes of the net's numbers is not known.",
            where="outputs",
            fix=f"Known are {' and '.join(_DETECTORS)}. For others give the head: outputs=sealift.Boxes(…).",
        )
    return Boxes(
        names_of(config),
        boxes="pred_boxes",
        scores=_LOGITS,
        format="cxcywh",
        activation="softmax",
        background="last",
        normalized=input_size(processor),
        score_threshold=float(threshold),
        iou_threshold=None,
        maximum=int(next(getattr(config, name) for name in _QUERIES if hasattr(config, name))),
    )


def input_size(processor: Any) -> tuple[int, int]:
    """The height and width of the pictures that a processor makes. Raises PackError E325 where they differ."""
    size = processor.size
    height, width = (
        size.get(side) if isinstance(size, dict) else getattr(size, side, None) for side in ("height", "width")
    )
    if height is None or width is None:
        raise PackError(
            "E325",
            "The image processor makes pictures of different sizes, for which the places of boxes are not known.",
            where="preprocess",
            fix='Give it a fixed size: size={"height": 800, "width": 800}, do_pad=False.',
        )
    return int(height), int(width)


def reading(head: OutputHead, output: str = _LOGITS) -> OutputHead:
    """The head for one output by name; the model's other outputs are left out."""
    object.__setattr__(head, "reads", (output,))
    return head
