"""Types of values that the caller chooses for columns of X."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from sklearn.linear_model import LinearRegression

import sealift
from sealift.errors import PackError
from sealift.frameworks import RowFormat, Source, StepOutput, Table

X = pandas.DataFrame({"grade": np.repeat([1.0, 2.0, 5.0, 9.0], 10), "weight": np.linspace(40, 90, 40)})
Y = X["grade"] + X["weight"] / 7


class Own(Source):
    """A source with a fault of its own."""

    @property
    def rows(self) -> RowFormat:
        raise TypeError("wrong")

    @property
    def outputs(self) -> set[str]:
        return {"value"}

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, Any]:
        raise NotImplementedError

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        raise NotImplementedError


NATIVE = sealift.ProofOptions(engines=("native",))


def packed(tmp_path: Path, fields: dict[str, Any], **options: Any) -> sealift.Packed:
    return sealift.pack(
        LinearRegression().fit(X, Y), X, Y, name="m", output=tmp_path / "m.seal", proof=NATIVE,
        contract=sealift.ContractOptions(fields=fields), **options,
    )  # fmt: skip


def test_the_field_is_of_the_chosen_type_and_the_original_gets_its_own_values(tmp_path: Path) -> None:
    privacy = sealift.PrivacyOptions(training=(X, Y))
    made = packed(tmp_path, {"grade": {"dtype": "int64", "title": "Grade"}}, privacy=privacy)
    assert [(field.dtype, field.title) for field in made.contract.inputs] == [("int64", "Grade"), ("float64", "")]
    model = sealift.load(made.path)
    assert model.self_test().passed
    assert model.predict([{"grade": 2, "weight": 70.0}])["value"][0] == pytest.approx(12, rel=1e-9)
    with pytest.raises(sealift.ContractError) as caught:
        model.predict([{"grade": 2.5, "weight": 70.0}])
    assert caught.value.code == "R102"


@pytest.mark.parametrize(
    ("dtype", "what"),
    [
        ("colour", "The dtype 'colour' is not installed"),
        (3, "The dtype 3 is not installed"),
        ("string", "A column of the dtype float64 cannot be a field of the dtype 'string'"),
        ("tensor[2]", r"cannot be a field of the dtype 'tensor\[2\]'"),
        ("float32", "cannot be a field of the dtype 'float32'"),  # which is proved with a looser tolerance
    ],
)
def test_a_type_that_the_column_cannot_have(tmp_path: Path, dtype: Any, what: str) -> None:
    with pytest.raises(PackError, match=what) as caught:
        packed(tmp_path, {"grade": {"dtype": dtype}})
    assert (caught.value.code, caught.value.where) == ("E304", "input 'grade'")


def test_a_type_for_no_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="'grades', which is not an input"):
        packed(tmp_path, {"grades": {"dtype": "int64"}})


def test_an_exception_of_a_source_names_it(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="wrong") as caught:
        sealift.pack(Own(object()), X, name="m", output=tmp_path / "m.seal")
    assert caught.value.__notes__ == [f"Raised for a model of the type object, by {__name__}.Own."]
