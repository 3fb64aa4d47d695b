"""The rows given and the training rows, as one run of packing compares its file with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from onnx import helper, numpy_helper
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sealift.contract import Contract, Field, Output
from sealift.errors import PackError
from sealift.frameworks import Conversion, convert, source_of
from sealift.graph.split_model import SplitModel
from sealift.packing.inputs.detect import read_rows
from sealift.packing.privacy.survey import Survey

RANDOM = np.random.default_rng(0)
TRAINING = pd.DataFrame(np.round(RANDOM.normal(50, 10, (90, 3)), 6), columns=["a", "b", "c"])
TARGET = np.round(RANDOM.normal(200, 30, 90), 6)
GIVEN, TRUTH = TRAINING[60:], TARGET[60:]
MODEL = Ridge().fit(TRAINING, TARGET)
SOURCE = source_of(MODEL, TRAINING)
CONTRACT = Contract(
    inputs=tuple(Field(name=name, dtype="float64") for name in ("a", "b", "c")),
    outputs=(Output(name="value", kind="value", dtype="float64"),),
    task="regression",
)


def survey(training: Any, truth: Any = TRUTH) -> Survey:
    return Survey.of(read_rows(GIVEN, SOURCE), truth, training, SOURCE, {})


def conversion() -> Conversion:
    return convert(MODEL, CONTRACT.inputs)


def holding(values: Any) -> SplitModel:
    held = numpy_helper.from_array(np.asarray(values, dtype=np.float64), "held")
    return SplitModel(helper.make_model(helper.make_graph([], "g", [], [], [held])), {})


def sentences(asked: Survey, values: Any) -> list[str]:
    return [finding.sentence for finding in asked.examine(holding(values), conversion(), CONTRACT, ())]


def test_without_training_rows_the_rows_given_say_what_is_rare() -> None:
    asked = survey(None)
    assert not asked.has_training
    assert asked.rare_in is asked.input_rows
    assert asked.training_truth is None
    assert asked.truth is TRUTH


def test_training_rows_with_and_without_their_targets() -> None:
    both = survey((TRAINING, TARGET))
    assert both.training is not None
    assert both.has_training
    assert both.rare_in is both.training
    assert (len(both.training), len(both.input_rows)) == (90, 30)
    assert np.array_equal(both.training_truth, TARGET)
    assert survey(TRAINING).training_truth is None
    two_rows = survey([TRAINING.iloc[0].to_dict(), TRAINING.iloc[1].to_dict()])
    assert two_rows.training is not None
    assert len(two_rows.training) == 2


@pytest.mark.parametrize(
    ("training", "code"),
    [
        (TRAINING.to_numpy(), "E304"),
        (TRAINING.rename(columns={"c": "d"}), "E305"),
        (TRAINING[["a", "b"]], "E305"),
    ],
)
def test_training_rows_of_other_columns_are_refused(training: Any, code: str) -> None:
    with pytest.raises(PackError) as refused:
        survey((training, TARGET))
    assert (refused.value.code, refused.value.where) == (code, "training")
    assert refused.value.what
    assert refused.value.fix


def test_both_tables_are_compared() -> None:
    asked = survey((TRAINING, TARGET))
    assert sentences(asked, TRAINING[:6]) == ["6 of the 90 training rows stand whole in the graph."]
    (row,) = sentences(asked, TRAINING[63:64])
    assert row == "1 of the 90 training rows stand whole in the graph."
    assert sentences(survey(None), TRAINING[:6]) == []
    assert sentences(survey(None), TRAINING[63:64]) == ["1 of the 30 rows given stand whole in the graph."]


def test_the_same_rows_are_compared_once_as_training_rows() -> None:
    asked = survey((GIVEN, TRUTH))
    assert sentences(asked, GIVEN[:6]) == ["6 of the 30 training rows stand whole in the graph."]
    assert len(asked._references) == 1
    other = survey((TRAINING, TARGET))
    sentences(other, [0.5])
    assert len(other._references) == 2


def test_only_targets_are_kept_after_the_comparison() -> None:
    asked = survey((TRAINING, TARGET))
    sentences(asked, [0.5])
    assert all(units.target for _, reference in asked._references for units in reference.units)
    answers = {"value": np.array([TARGET[3], TARGET[63], 0.0])}
    assert asked.single_answers(CONTRACT, answers).tolist() == [True, True, False]
    without = survey(None)
    sentences(without, [0.5])
    assert without.single_answers(CONTRACT, answers).tolist() == [False, True, False]


def test_words_are_counted_in_the_training_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, Any, bool]] = []

    def words_of(stages: Any, rows: Any, *, training: bool = False) -> Any:
        asked.append((stages, rows, training))
        return {}, []

    monkeypatch.setattr("sealift.packing.privacy.survey.words_of", words_of)
    for training in (None, (TRAINING, TARGET)):
        given = survey(training)
        given.words(())
        assert asked.pop() == ((), given.rare_in, training is not None)


def test_the_report() -> None:
    asked = survey((TRAINING, TARGET))
    findings = asked.examine(holding(TRAINING[:6]), conversion(), CONTRACT, ())
    report = asked.report([*findings, *findings])
    assert (report.rows, report.training, report.targets) == (30, 90, True)
    assert report.findings == findings
    assert list(report.left_out) == []
    without = survey(None, truth=None)
    without.examine(holding([0.5]), conversion(), CONTRACT, ())
    report = without.report([])
    assert (report.rows, report.training, report.targets) == (30, None, False)


def test_rows_that_were_left_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sealift.packing.privacy.reference._LEAST_ROWS", 50)
    monkeypatch.setattr("sealift.packing.privacy.reference._CELLS", 1)
    scaled = convert(make_pipeline(StandardScaler(), Ridge()).fit(TRAINING, TARGET), CONTRACT.inputs)
    asked = survey((TRAINING, TARGET))
    asked.examine(scaled.split(), scaled, CONTRACT, ())
    assert list(asked.report([]).left_out) == ["40 of the 90 training rows in the units of inner steps"]
