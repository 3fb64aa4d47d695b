"""`shadow_diff` finds the faults that were planted in incumbent servers, and none in a server without one."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seals
from incumbents import Predict, incumbent
from sealift.errors import ServeError
from sealift.incumbent import ServerComparison, shadow_diff

COUNT = 400
Risk = Callable[[dict[str, Any]], float]


def risk(row: dict[str, Any]) -> float:
    return seals.risk(row["age"], row["weight"], row["sex"])


def each(function: Callable[[dict[str, Any]], Any]) -> Predict:
    return lambda rows: [function(row) for row in rows]


def probabilities(p: float) -> list[float]:
    return [1 - p, p]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sealed model and a file of rows; a tenth has no age, and one has an age beyond the contract's range."""
    folder = tmp_path_factory.mktemp("files")
    chosen = random.Random(5)
    lines = ["age,weight,sex"]
    for number in range(COUNT):
        age = "" if number % 10 == 0 else f"{chosen.uniform(20, 100):.7f}"
        lines.append(f"{age},{chosen.uniform(50, 110):.7f},{chosen.choice('fm')}")
    lines.append("130,70,f")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    return seals.write(folder / "tiny.seal"), folder / "rows.csv"


def compared(files: tuple[Path, Path], predict: Predict, kind: str = "tensorflow", **options: Any) -> ServerComparison:
    with incumbent(predict, kind=kind) as url:
        return shadow_diff(url, *files, **({"protocol": "records"} if kind == "records" else {}) | options)


@pytest.mark.parametrize("kind", ["tensorflow", "mlflow", "v2", "records"])
def test_equal_answers_agree_over_every_protocol(files: tuple[Path, Path], kind: str) -> None:
    result = compared(files, each(lambda row: probabilities(risk(row))), kind)
    assert result.agrees
    assert (result.protocol, result.output, result.note) == (kind, "probability", "")
    assert (result.rows, result.differing, result.refused) == (COUNT, 0, 1)
    assert result.largest < 1e-12
    assert result.causes == []


@pytest.mark.parametrize(
    ("form", "output", "note"),
    [
        (lambda p: p, "probability", "only with the column 'ill'"),
        (lambda p: [p, 1 - p], "probability", "reverse order"),
        (lambda p: math.log(p / (1 - p)), "probability", "log-odds of 'ill'"),
        (lambda p: [100 - 100 * p, 100 * p], "probability", "in per cent"),
        (lambda p: [math.log(1 - p), math.log(p)], "probability", "logarithms"),
        (lambda p: int(p >= 0.5), "label", ""),
        (lambda p: seals.NAMES[p >= 0.5], "label", "names of the classes"),
        (lambda p: {"label": int(p >= 0.5), "probability": probabilities(p)}, "probability", ""),
    ],
)
def test_other_forms_of_the_same_answers_are_recognised(
    files: tuple[Path, Path], form: Callable[[float], Any], output: str, note: str
) -> None:
    result = compared(files, each(lambda row: form(risk(row))))
    assert (result.differing, result.output) == (0, output)
    assert note in result.note
    assert bool(note) == bool(result.note)


def float32(row: dict[str, Any]) -> float:
    age = None if row["age"] is None else float(np.float32(row["age"]))
    return seals.risk(age, float(np.float32(row["weight"])), row["sex"])


@pytest.mark.parametrize(
    ("planted", "cause", "all_rows"),
    [
        (float32, "float32", True),
        (lambda row: risk({**row, "age": row["age"] or 0.0}), "missing-as-zero", False),
        (lambda row: risk({**row, "age": -1.0 if row["age"] is None else row["age"]}), "missing-as-minus-one", False),
        (lambda row: risk({**row, "weight": math.trunc(row["weight"])}), "unknown", True),
        (lambda row: risk({**row, "age": row["age"] and math.trunc(row["age"]), "weight": math.trunc(row["weight"])}),
         "truncated", True),
        (lambda row: risk(row) + (0.1 if row["sex"] == "m" else 0.0), "category", False),
        (lambda row: risk({**row, "age": None}), "unknown", False),
    ],
)  # fmt: skip
def test_a_planted_fault_is_named(files: tuple[Path, Path], planted: Risk, cause: str, all_rows: bool) -> None:
    tolerance = 1e-12 if cause == "float32" else 1e-6
    result = compared(files, each(lambda row: probabilities(planted(row))), tolerance=tolerance)
    assert not result.agrees
    assert result.causes[0].name == cause, result.causes
    assert result.causes[0].rows >= 0.9 * result.causes[0].of
    assert (result.differing > 0.9 * COUNT) == all_rows
    first = result.differences[0]
    assert first.ours != first.theirs


def test_two_faults_together_are_named(files: tuple[Path, Path]) -> None:
    def planted(row: dict[str, Any]) -> list[float]:
        age = math.trunc(row["age"]) if row["age"] is not None else 0.0
        return probabilities(risk({**row, "age": age, "weight": math.trunc(row["weight"])}))

    result = compared(files, each(planted))
    assert {"truncated", "missing-as-zero"} <= set("+".join(cause.name for cause in result.causes).split("+"))


def test_another_threshold_is_named_with_its_interval(files: tuple[Path, Path]) -> None:
    result = compared(files, each(lambda row: int(risk(row) >= 0.6)))
    assert [cause.name for cause in result.causes] == ["threshold"]
    low, high = (float(word) for word in result.causes[0].text.split() if word[0].isdigit() and word != "0.5.")
    assert low <= 0.6 <= high
    assert high - low < 0.02


def test_answers_that_a_batch_mixes_up_are_named(files: tuple[Path, Path]) -> None:
    def mixed(rows: list[dict[str, Any]]) -> list[Any]:
        return [probabilities(risk(row)) for row in reversed(rows)]

    result = compared(files, mixed)
    assert [cause.name for cause in result.causes] == ["other-rows"]


def test_answers_that_change_are_named(files: tuple[Path, Path]) -> None:
    chosen = random.Random(1)
    result = compared(files, each(lambda row: probabilities(risk(row) * chosen.uniform(0.5, 1))))
    assert [cause.name for cause in result.causes] == ["changing"]


def test_rows_that_only_the_incumbent_refuses_are_counted(files: tuple[Path, Path]) -> None:
    def strict(row: dict[str, Any]) -> list[float]:
        if row["age"] is None:
            raise ValueError("no age")
        return probabilities(risk(row))

    result = compared(files, each(strict))
    assert (result.rows, result.refused_by_incumbent, result.differing) == (COUNT - 40, 40, 0)
    assert "no age" in result.refusal
    assert not result.agrees


def test_a_server_that_refuses_single_rows_is_compared_all_the_same(files: tuple[Path, Path]) -> None:
    """Rows that differ are sent again one by one, to find whether the answers depend on other rows."""

    def many(rows: list[dict[str, Any]]) -> list[Any]:
        if len(rows) == 1:
            raise ValueError("at least two rows")
        return [probabilities(risk({**row, "age": row["age"] or 0.0})) for row in rows]

    result = compared(files, many)
    assert [cause.name for cause in result.causes] == ["missing-as-zero"]


def test_only_the_first_rows_are_compared(files: tuple[Path, Path]) -> None:
    assert compared(files, each(lambda row: probabilities(risk(row))), most=130).rows == 130


def test_what_cannot_be_compared_is_refused(files: tuple[Path, Path]) -> None:
    for answers in (
        lambda rows: [[0.1, 0.2, 0.7]] * len(rows),
        lambda rows: [0.5],
        lambda rows: [{"a": [1]}, {"b": 2}],
    ):
        with pytest.raises(ServeError) as raised:
            compared(files, answers)
        assert raised.value.code == "E754"
    with incumbent(each(risk), kind="none") as url, pytest.raises(ServeError) as raised:
        shadow_diff(url, *files)
    assert raised.value.code == "E753"
    with pytest.raises(ServeError) as raised:
        shadow_diff("http://127.0.0.1:9", *files, timeout=1)
    assert raised.value.code in ("E750", "E752")
