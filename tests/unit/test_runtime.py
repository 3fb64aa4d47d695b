"""Sealed models that answer, and their self-test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import seals
from sealift import canonical, load, seal
from sealift.contract import Contract
from sealift.errors import ContractError, SealError
from sealift.runtime import Engine, Tolerance, matches
from sealift.runtime.golden import read_examples

NAMES = [field.name for field in seals.CONTRACT.inputs]


def test_the_graph_is_read_for_the_first_answer_or_at_once(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Engine] = []

    class Counted(Engine):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            made.append(self)

    monkeypatch.setattr("sealift.runtime.model.Engine", Counted)
    model = load(tiny)
    assert not made
    model.predict(dict(zip(NAMES, seals.ROWS[0], strict=True)))
    assert len(made) == 1
    model = load(tiny, warm=True)
    assert len(made) == 2
    model.predict(dict(zip(NAMES, seals.ROWS[0], strict=True)))
    assert len(made) == 2


def test_every_form_of_rows_gets_the_same_answers(tiny: Path) -> None:
    model = load(tiny)
    assert (model.name, model.version, len(model.identity)) == ("tiny", "1", 64)
    dicts = [dict(zip(NAMES, row, strict=True)) for row in seals.ROWS]
    frame = pd.DataFrame(dicts)
    forms: list[Any] = [
        dicts,
        frame,
        frame[NAMES[::-1]],
        pl.DataFrame(dicts),
        [list(row) for row in seals.ROWS],
        np.array(seals.ROWS, dtype=object),
        {name: [row[i] for row in seals.ROWS] for i, name in enumerate(NAMES)},
    ]
    expected = np.array([seals.risk(*row) for row in seals.ROWS])
    for form in forms:
        answer = model.predict(form)
        assert list(answer) == ["label", "probability"]
        assert answer["label"].dtype == np.int64
        assert answer["label"].tolist() == (expected >= 0.5).astype(int).tolist()
        np.testing.assert_allclose(answer["probability"][:, 1], expected, rtol=1e-14)
    one = model.predict(dicts[0])
    assert one["probability"].shape == (1, 2)


def test_a_bad_row_is_refused_by_its_number(tiny: Path) -> None:
    model = load(tiny)
    with pytest.raises(ContractError, match=r"\[R104\] row 2: .*1 more rows have problems") as raised:
        model.predict({"age": [1, 2, 3], "weight": [1, 2, None], "sex": ["f", "x", "m"]})
    assert raised.value.code == "R104"


def test_many_rows_are_answered_as_few(tiny: Path) -> None:
    rng = np.random.default_rng(0)
    count = 20_001
    rows = {"age": rng.uniform(0, 120, count), "weight": rng.uniform(40, 150, count), "sex": ["f", "m", "m"] * 6667}
    whole = load(tiny, threads=3).predict(rows)
    single = load(tiny, threads=1)
    for name, array in whole.items():
        assert len(array) == count
        np.testing.assert_array_equal(array, single.predict(rows)[name])


def test_the_self_test(tiny: Path, tmp_path: Path) -> None:
    passed = load(tiny).self_test()
    assert (passed.passed, passed.rows, passed.matching) == (True, 4, 4)
    wrong = [seals.risk(*row) for row in seals.ROWS]
    wrong[2] += 1e-6
    failed = load(seals.write(tmp_path / "w.seal", wrong)).self_test()
    assert (failed.passed, failed.matching) == (False, 3)
    assert failed.worst["probability"] == pytest.approx(1e-6, rel=1e-3)


def test_what_matches() -> None:
    nan, inf = np.nan, np.inf
    tolerance = Tolerance(1e-9, 1.0)
    expected = np.array([1.0, 1e6, nan, inf, -inf, 0.0, 1.0, nan])
    got = np.array([1.0 + 5e-10, 1e6 + 5e-4, nan, inf, inf, 2e-9, nan, 1.0])
    same, worst = matches(got, expected, tolerance)
    assert same.tolist() == [True, True, True, True, False, False, False, False]
    assert worst == inf
    labels, _ = matches(np.array(["a", "b"], dtype=object), np.array(["a", "c"], dtype=object), None)
    assert labels.tolist() == [True, False]
    shape, _ = matches(np.zeros((2, 1)), np.zeros((2, 2)), tolerance)
    assert shape.tolist() == [False, False]
    wide, _ = matches(np.array([[1.0, 2.0], [1.0, 3.0]]), np.array([[1.0, 2.0], [1.0, 2.0]]), tolerance)
    assert wide.tolist() == [True, False]


EXAMPLES: dict[str, Any] = {
    "columns": NAMES,
    "rows": [list(row) for row in seals.ROWS],
    "answers": {"label": [1, 1, 1, 1], "probability": [[0.5, "NaN"]] * 4},
    "tolerance": {"probability": {"relative": 1e-9, "scale": 1.0}},
    "source": "generated",
}


def test_examples_with_numbers_that_json_lacks() -> None:
    examples = read_examples(EXAMPLES, seals.CONTRACT, {})
    assert np.isnan(examples.answers["probability"][:, 1]).all()


@pytest.mark.parametrize(
    "change",
    [
        {"columns": NAMES[:2]},
        {"rows": []},
        {"rows": [[1]]},
        {"answers": {}},
        {"answers": {"label": [1], "probability": [[0.5, 0.5]]}},
        {"answers": {"label": [1, 1, 1, "x"], "probability": [[0.5, 0.5]] * 4}},
        {"answers": {"label": [1, 1, 1, 1], "probability": [[0.5]] * 4}},
        {"answers": {"label": [1, 1, 1, 1], "probability": [[0.5, None]] * 4}},
        {"tolerance": {"probability": {}}},
        {"tolerance": []},
        {"tolerance": {"label": {"relative": 1e-9, "scale": 1.0}}},
        {"tolerance": {"value": {"relative": 1e-9, "scale": 1.0}}},
        *(
            {"tolerance": {"probability": {"relative": bad, "scale": 1.0}}}
            for bad in (1e308, "Infinity", "NaN", -1, 0.02)
        ),
        *({"tolerance": {"probability": {"relative": 1e-9, "scale": bad}}} for bad in (1e308, "Infinity", "NaN", -1)),
        {"tolerance": {"probability": {"relative": 0.01, "scale": 0.51}}},
        {"tolerance": {"probability": {"relative": 1e-9, "scale": [1.0]}}},
        {"tolerance": {"probability": {"relative": True, "scale": 1.0}}},
        {"rows": [3, 4, 5, 6]},
        {"rows": {"0": 1}},
        {"source": "original"},
        *(
            {"answers": {"label": [1, 1, 1, bad], "probability": [[0.5, 0.5]] * 4}}
            for bad in (1.5, True, 2**70, "1", [1])
        ),
    ],
)
def test_malformed_examples(change: dict[str, Any]) -> None:
    with pytest.raises(SealError) as raised:
        read_examples({**EXAMPLES, **change}, seals.CONTRACT, {})
    assert raised.value.code == "E205"
    wrongs: list[Any] = [None, [], 3, {}]
    for raw in wrongs:
        with pytest.raises(SealError):
            read_examples(raw, seals.CONTRACT, {})


def test_a_malformed_example_row_is_the_files_fault(tmp_path: Path) -> None:
    members = {name: data for name, data in seals.members().items() if name != "manifest.json"}
    examples = canonical.loads(members["golden/examples.json"])
    examples["rows"][2][2] = "x"
    members["golden/examples.json"] = canonical.dumps(examples)
    sealed = seal.assemble(members, name="w", version="1", task="classification", producer="t", opsets={"": 21})
    seal.write(tmp_path / "w.seal", sealed)
    with pytest.raises(SealError, match=r"golden/examples.json: .* row 3: \"sex\" is") as raised:
        load(tmp_path / "w.seal").self_test()
    assert raised.value.code == "E205"


def test_the_packer_caps_the_scales_of_a_loose_tolerance() -> None:
    expected = np.array([[1e-6, -4.0], [np.nan, 2.0]])
    loose = Tolerance(0.01, (1e-6, 500.0)).capped(expected)
    np.testing.assert_allclose(loose.scale, (1e-6, 4.0), rtol=1e-9)
    assert Tolerance.from_json(loose.as_dict(), 2, expected) == loose
    usual = Tolerance(1e-9, 30.0)
    assert usual.capped(expected) == usual
    zeros = np.zeros(3)
    assert Tolerance(1e-9, 1.0).capped(zeros).scale == 1.0


def test_a_graph_that_cannot_be_run() -> None:
    with pytest.raises(SealError, match="E207"):
        Engine(b"garbage")
    with pytest.raises(SealError, match="E207"):
        Engine(seals.graph()).run({"number": np.zeros((1, 2))})


def test_a_sealed_file_whose_contract_does_not_fit_its_graph(tmp_path: Path) -> None:
    members = {name: data for name, data in seals.members().items() if name != "manifest.json"}
    raw = seals.CONTRACT.as_json()
    raw["outputs"][1]["name"] = "score"
    raw["headline"] = None
    members["contract.json"] = canonical.dumps(Contract.from_json(raw).as_json())
    sealed = seal.assemble(members, name="w", version="1", task="classification", producer="t", opsets={"": 21})
    seal.write(tmp_path / "w.seal", sealed)
    with pytest.raises(SealError, match="E209"):
        load(tmp_path / "w.seal").predict({"age": 1.0, "weight": 2.0, "sex": "f"})
