"""A looser tolerance than the policy's: recorded in the file, and shown wherever the file is displayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import sealift
from packs import member, no_node, text  # noqa: F401 - a fixture
from sealift.cli.commands import app
from sealift.contract import Contract, Field, Output
from sealift.errors import ParityError
from sealift.frameworks import StepOutput, Table, registry
from sealift.packing import Packed
from sealift.packing.proof.report import tolerances

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 3))
Y = X @ [1.0, 2.0, 3.0]


@pytest.fixture
def nearly() -> Any:
    """A converter that is off by one in a million."""
    right = registry.registered()[LinearRegression]

    def off(step: Any, x: Table) -> StepOutput:
        output = right(step, x)
        assert isinstance(output, StepOutput)
        assert output.value is not None
        return StepOutput(value=output.value * (1.0 + 1e-6))

    registry.converter(LinearRegression, replace=True)(off)
    yield
    registry.converter(LinearRegression, replace=True)(right)


def packed(tmp_path: Path, **rest: Any) -> Packed:
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, Y)
    return sealift.pack(model, X, Y, name="m", output=tmp_path / "m.seal", **rest)


@pytest.mark.usefixtures("nearly")
def test_what_the_policy_refuses_the_packer_may_allow(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="state a looser tolerance"):
        packed(tmp_path)
    packed_model = packed(tmp_path, proof=sealift.ProofOptions(tolerance=1e-5))
    parity = member(packed_model, "evidence.json")["parity"]
    assert parity["tolerance"] == {"policy": 1e-9, "stated": 1e-5}
    assert parity["outputs"]["value"]["relative"] == 1e-5
    assert 1e-7 < parity["outputs"]["value"]["worst"] < 2e-6
    assert member(packed_model, "golden/examples.json")["tolerance"]["value"]["relative"] == 1e-5
    (note,) = [note for note in packed_model.notes if "Looser tolerance" in note]
    assert "allowed a relative difference of 1e-5" in note
    assert "the default is 1e-9; the largest difference was 1.0e-06" in note
    card = text(packed_model, "card.md")
    assert "allowed 1e-5, stated by the packer; the default is 1e-9" in card
    assert note in card
    page = packed_model._repr_html_()
    assert "1e-5, stated by the packer; the default is 1e-9" in page
    assert "Looser tolerance" in page
    shown = CliRunner().invoke(app, ["inspect", str(packed_model.path)], env={"COLUMNS": "200"}).output
    assert "1e-5 relative, chosen by the packer; the default is 1e-9" in " ".join(shown.split())
    assert "Looser tolerance" in shown
    assert sealift.load(packed_model.path).self_test().passed


def test_without_one_nothing_is_said(tmp_path: Path) -> None:
    packed_model = packed(tmp_path)
    assert member(packed_model, "evidence.json")["parity"]["tolerance"] == {"policy": 1e-9, "stated": None}
    assert not [note for note in packed_model.notes if "tolerance" in note]
    assert "stated by the packer" not in text(packed_model, "card.md") + packed_model._repr_html_()


def test_the_default_that_is_stated_is_not_looser(tmp_path: Path) -> None:
    packed_model = packed(tmp_path, proof=sealift.ProofOptions(tolerance=1e-9))
    assert member(packed_model, "evidence.json")["parity"]["tolerance"] == {"policy": 1e-9, "stated": 1e-9}
    assert not [note for note in packed_model.notes if "tolerance" in note]


def test_a_stricter_one_is_no_care(tmp_path: Path) -> None:
    model = DecisionTreeClassifier(max_depth=2).fit(X, X[:, 0] > 0)
    packed_model = sealift.pack(
        model, X, name="m", output=tmp_path / "m.seal", proof=sealift.ProofOptions(tolerance=1e-12)
    )
    assert member(packed_model, "evidence.json")["parity"]["tolerance"]["stated"] == 1e-12
    assert not [note for note in packed_model.notes if "tolerance" in note]


def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(
        "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\n"
        "rows = pd.read_csv('rows.csv')\nmodel = LogisticRegression().fit(rows[['a']], rows['y'])\n"
    )
    (tmp_path / "rows.csv").write_text("a,y\n" + "\n".join(f"{i / 7},{i % 3 > 1:d}" for i in range(60)))
    arguments = ["pack", "train.py:model", "--data", "rows.csv", "--target", "y", "--name", "m", "--json"]
    done = CliRunner().invoke(app, [*arguments, "--tolerance", "1e-6"])
    assert done.exit_code == 0, done.output
    assert '"stated": 1e-06' in done.output
    assert "Looser tolerance" in done.output
    for wrong in ("0", "2", "nan", "-1"):
        done = CliRunner().invoke(app, [*arguments, "--tolerance", wrong])
        assert done.exit_code == 1
        assert "E304" in done.output


def test_each_column_is_judged_by_its_own_size(tmp_path: Path) -> None:
    # A price beside a rate: by the price's size, any rate would do.
    targets = np.column_stack([1e6 * (2 + np.abs(Y)), 1e-2 * (2 + X[:, 0])])
    model = RandomForestRegressor(5, random_state=0).fit(X, targets)
    packed_model = sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    price, rate = member(packed_model, "golden/examples.json")["tolerance"]["value"]["scale"]
    assert 1e6 < price < 1e7
    assert rate == pytest.approx(1e-5 * price, rel=0.5)
    right = registry.registered()[RandomForestRegressor]

    def off(step: Any, x: Table) -> StepOutput:
        answer = right(step, x)
        assert isinstance(answer, StepOutput)
        assert answer.value is not None
        return StepOutput(value=answer.value * np.array([[1.0, 1.0 + 1e-4]]))

    registry.converter(RandomForestRegressor, replace=True)(off)
    try:
        with pytest.raises(ParityError):
            sealift.pack(model, X, name="wrong", output=tmp_path / "wrong.seal")
    finally:
        registry.converter(RandomForestRegressor, replace=True)(right)


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ([1.0, 1.0], 1.0),
        ([100.0, 1.0], (100.0, 1.0)),
        ([1e6, 1e-15], (1e6, 1e4)),
        ([0.0, 5.0], (1.0, 5.0)),  # what is nothing in every row has the usual scale
        ([0.0, 0.0], 1.0),
        ([np.nan, 2.0], (1.0, 2.0)),
    ],
)
def test_scales(columns: list[float], wanted: float | tuple[float, ...]) -> None:
    output = Output(name="features", kind="features", dtype="float64", width=2)
    contract = Contract(inputs=(Field(name="a", dtype="float64"),), outputs=(output,), task="transformation")
    by_output = tolerances(contract, {"features": np.tile(columns, (9, 1))}, relative=1e-9)
    assert by_output["features"].scale == wanted


def test_a_model_that_minds_its_company_is_refused(tmp_path: Path) -> None:
    def shy(x: Any) -> Any:
        return x if len(x) > 3 else -x

    model = make_pipeline(FunctionTransformer(shy), LogisticRegression()).fit(X, Y > 0)
    with pytest.raises(ParityError) as caught:
        sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert "original alone" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["int64", "uint8"])
def test_the_original_gets_integers_as_integers(kind: str, tmp_path: Path) -> None:
    def shares(x: Any) -> Any:
        return x[:, [0]] // x[:, [1]]

    # None of these rows divides by zero; a generated one does, where whole numbers give 0 and floats infinity.
    rows = RANDOM.integers(1, 9, (60, 2)).astype(kind)
    model = FunctionTransformer(shares).fit(rows)
    sealed = sealift.pack(model, rows, name="m", output=tmp_path / "m.seal").load()
    asked = np.array([[5, 0], [0, 0], [7, 2]], dtype=kind)
    with np.errstate(divide="ignore"):
        assert sealed.predict(asked)["features"].tolist() == model.transform(asked).tolist() == [[0], [0], [3]]
    assert {f.missing for f in sealed.contract.inputs} == {"refused"}
    assert {f.range for f in sealed.contract.inputs} == {None if kind == "int64" else (0, 255)}


def test_a_model_of_float32_is_held_to_the_rule_for_float32(tmp_path: Path) -> None:
    rows = X.astype(np.float32)
    model = QuadraticDiscriminantAnalysis().fit(rows, X[:, 0] > 0)
    packed = sealift.pack(model, rows, name="single", output=tmp_path / "single.seal")
    assert packed.report.tolerance["probability"].relative == 1e-5


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_outputs_that_the_original_lacks_are_left_out(metric: str, tmp_path: Path) -> None:
    model = NearestCentroid(metric=metric).fit(X, X[:, 0] > 0)
    packed = sealift.pack(model, X, name="near", output=tmp_path / "near.seal")
    names = {output.name for output in packed.load().contract.outputs}
    assert ("probability" in names) is hasattr(model, "predict_proba")
