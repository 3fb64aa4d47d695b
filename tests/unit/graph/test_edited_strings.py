"""Columns of edited strings in small graphs, against pandas: the numbers, codes and counts that are read from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from sealift.contract import Field
from sealift.graph.builder import Tensor
from sealift.graph.context import ConversionContext
from sealift.graph.edited_strings import EditedStrings, edited
from sealift.graph.inputs import stages_of
from sealift.graph.table import input_table
from sealift.graph.unicode_tables import encoded
from sealift.runtime import Engine
from sealift.stages.text import TextStage

STRINGS = ["1,5", None, "x", "-2", "", "7", " 1,5", None]
STRIPPED = {"strip": {"space": encoded([32]), "left": True, "right": True}}
POINT = {"replace": [",", "."]}
SERIES = pd.Series(STRINGS, dtype=object)


def run(function: Callable[[EditedStrings], dict[str, Tensor]], instead: str | None) -> dict[str, npt.NDArray[Any]]:
    """Outputs of a graph over STRINGS, stripped, with `instead` in the place of a missing value."""
    table = input_table(ConversionContext(), [Field(name="s", dtype="string", missing="allowed")], {})
    block = table.blocks[0]
    assert block.missing is not None
    strings = edited(block.values, block.missing)
    assert strings is not None
    outputs = function(strings.edited(STRIPPED, instead))
    missing = np.array([[text is None] for text in STRINGS])
    fed: dict[str, Any] = {"text": np.array([[text or ""] for text in STRINGS], object), "text_missing": missing}
    for number, stage in enumerate(stages_of(table.graph)):
        counts = [TextStage(stage.spec).count(text or "") for text in STRINGS]
        fed[f"terms{number}"] = np.array([[next(iter(count), -1)] for count in counts])
        fed[f"counts{number}"] = np.array([[next(iter(count.values()), 0.0)] for count in counts])
    model = table.graph.model(outputs, {})
    return Engine(model.SerializeToString(), threads=1).run(fed)


def filled(instead: str | None) -> pd.Series[Any]:
    return (SERIES if instead is None else SERIES.fillna(instead)).str.strip()


@pytest.mark.parametrize("instead", [None, "2.5", "0", "y", ""])
def test_numbers_of_edited_strings(instead: str | None) -> None:
    def read(strings: EditedStrings) -> dict[str, Tensor]:
        value, nothing = strings.edited(POINT, instead).value({"analyzer": "number"})
        return {"value": value, "nothing": nothing}

    answers = run(read, instead)
    expected = pd.to_numeric(filled(instead).str.replace(",", ".", regex=False), errors="coerce").to_numpy(float)
    assert answers["nothing"].tolist() == np.isnan(expected).tolist()
    there = ~np.isnan(expected)
    assert answers["value"][there].tolist() == expected[there].tolist()


@pytest.mark.parametrize("instead", [None, "7", "y"])
@pytest.mark.parametrize("known", [{}, {"1,5": 3, "7": 5}, {"": 2, "x": 0}])
def test_codes_of_edited_strings(known: dict[str, int], instead: str | None) -> None:
    answers = run(lambda strings: {"code": strings.codes(known, -4)}, instead)["code"]
    expected = [known.get(text, -4) if isinstance(text, str) else -4 for text in filled(instead)]
    assert (answers.dtype, answers[:, 0].tolist()) == (np.dtype(np.int64), expected)


@pytest.mark.parametrize("instead", [None, "abc"])
def test_lengths_of_edited_strings(instead: str | None) -> None:
    given = np.nan if instead is None else float(len(instead))
    spec = {"analyzer": "char", "space": []}
    answers = run(lambda strings: {"length": strings.counted(spec, given)}, instead)["length"]
    np.testing.assert_array_equal(answers, filled(instead).str.len().to_numpy(float))
