"""From scores to classes and probabilities, against NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from sealift.errors import PackError
from sealift.graph import classify
from sealift.graph.builder import Graph, Tensor, stack
from sealift.graph.step import StepOutput
from sealift.runtime import Engine

_Array = npt.NDArray[Any]
SCORES = np.array([[0.5, -1.0, 0.5], [0.0, 0.0, 0.0], [-3.0, -2.0, -700.0], [700.0, 1.0, 2.0], [-1.0, 1.0, 1.0]])
CLASSES = np.array(["a", "b", "c"], dtype=object)


def run(function: Callable[[Tensor], dict[str, Tensor]], values: _Array = SCORES) -> dict[str, _Array]:
    graph = Graph()
    outputs = function(graph.input("x", "float64", values.shape[1]))
    answers = Engine(graph.model(outputs, {}).SerializeToString(), threads=1).run({"x": values})
    for name, tensor in outputs.items():
        assert len(tensor.shape) == answers[name].ndim, name
    return answers


def parts(output: StepOutput) -> dict[str, Tensor]:
    """What an answer consists of."""
    named = {"choice": output.class_index, "probability": output.probability, "score": output.score}
    return {name: tensor for name, tensor in named.items() if tensor is not None}


def test_shares_of_rows() -> None:
    answers = run(
        lambda x: {
            "softmax": classify.softmax(x),
            "log": classify.log_sum_exp(x),
            "shares": classify.shares(x.abs()),
            "pair": classify.two_columns(x.column(0)),
        }
    )
    np.testing.assert_allclose(answers["softmax"], special.softmax(SCORES, axis=1), rtol=1e-14)
    np.testing.assert_allclose(answers["log"], special.logsumexp(SCORES, axis=1, keepdims=True), rtol=1e-15)
    sizes = np.abs(SCORES)
    sizes[1] = 1.0
    np.testing.assert_allclose(answers["shares"], sizes / sizes.sum(axis=1, keepdims=True), rtol=1e-15)
    np.testing.assert_array_equal(answers["pair"], np.column_stack([1.0 - SCORES[:, 0], SCORES[:, 0]]))


def test_the_class_of_the_first_largest() -> None:
    for make in (classify.by_probability, classify.by_score):
        answers = run(lambda x, make=make: parts(make(CLASSES, x)))  # type: ignore[misc]
        assert answers["choice"].tolist() == SCORES.argmax(axis=1).tolist()
    binary = run(lambda x: parts(classify.by_score(CLASSES[:2], x.column(1), x)))
    assert binary["choice"].tolist() == (SCORES[:, 1] > 0).astype(int).tolist()
    assert binary["score"].tolist() == SCORES[:, 1].tolist()
    assert binary["probability"].tolist() == SCORES.tolist()


@pytest.mark.parametrize("at_zero", [False, True])
@pytest.mark.parametrize("slope", [1.0, 2.0])
def test_two_classes_by_the_logistic_function(at_zero: bool, slope: float) -> None:
    def made(x: Tensor) -> dict[str, Tensor]:
        return parts(classify.by_logistic(CLASSES[:2], x.column(0), at_zero=at_zero, slope=slope))

    answers = run(made)
    score = SCORES[:, 0]
    assert answers["choice"].tolist() == [int(s >= 0 if at_zero else s > 0) for s in score]
    expected = special.expit(np.column_stack([-slope * score, slope * score]))
    np.testing.assert_allclose(answers["probability"], expected, rtol=1e-13)


def test_two_classes_by_a_signed_score() -> None:
    def made(x: Tensor) -> dict[str, Tensor]:
        score = x.column(1)
        return parts(classify.by_signed(CLASSES[:2], score, stack([score, -score])))

    answers = run(made)
    score = SCORES[:, 1]
    assert answers["choice"].tolist() == (score > 0).astype(int).tolist()
    np.testing.assert_allclose(answers["probability"], special.expit(np.column_stack([-score, score])), rtol=1e-15)


def test_the_labels_of_classes() -> None:
    def made(x: Tensor) -> dict[str, Tensor]:
        numbered = classify.by_score(np.array([2.0, 0.0, 1.0]), x)
        named = classify.renamed(numbered, CLASSES)
        assert named.classes.tolist() == CLASSES.tolist()
        return {"label": classify.labels(classify.by_score(CLASSES, x)), "renamed": classify.labels(named)}

    answers = run(made)
    chosen = SCORES.argmax(axis=1)
    assert answers["label"].tolist() == CLASSES[chosen].tolist()
    assert answers["renamed"].tolist() == CLASSES[np.array([2, 0, 1])[chosen]].tolist()
    for refused in (classify.labels, lambda answer: classify.renamed(answer, CLASSES)):
        with pytest.raises(PackError, match="classifier of one target") as caught:
            refused(StepOutput())
        assert caught.value.code == "E302"
        assert caught.value.fix
    with pytest.raises(PackError, match="several targets"):
        classify.one_output([CLASSES, CLASSES])


def test_several_labels() -> None:
    def made(x: Tensor) -> dict[str, Tensor]:
        columns = [(x.column(i) > 0.0, x.column(i) if i else None, x.column(2 - i)) for i in range(3)]
        answer = classify.each_label(columns)
        assert [target.classes.tolist() for target in answer.targets] == [[0, 1]] * 3
        assert [target.probability is None for target in answer.targets] == [True, False, False]
        return {f"{name}{i}": part for i, target in enumerate(answer.targets) for name, part in parts(target).items()}

    answers = run(made)
    for i in range(3):
        assert answers[f"choice{i}"].tolist() == (SCORES[:, i] > 0).astype(int).tolist()
        assert answers[f"score{i}"].tolist() == SCORES[:, 2 - i].tolist()
        assert i == 0 or answers[f"probability{i}"].tolist() == SCORES[:, [i]].tolist()
