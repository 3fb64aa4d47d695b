"""A sample of `make retained`: what the card denies, no search of the bytes finds."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from packs import no_node  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "retained.md").read_text(encoding="utf-8")


# Estimator → what must be reported.
SAMPLE: dict[str, set[str]] = {
    "LogisticRegression": set(),
    "Ridge": set(),
    "RandomForestClassifier": set(),
    "MinMaxScaler": {"extremes"},
    "QuantileTransformer": {"values"},
    "DecisionTreeRegressor": {"targets", "answers"},
    "BaggingRegressor": {"targets"},
    "KNeighborsRegressor": {"rows", "targets", "method"},
    "MeanShift": set(),
    "SVC": {"rows", "method"},
    "Nystroem": {"rows", "method"},
    "TfidfVectorizer": set(),
    "XGBClassifier": {"values"},
}


@pytest.mark.parametrize("name", SAMPLE)
def test_the_card_agrees_with_the_bytes(name: str) -> None:
    from bench.fidelity.retained import examined

    row = examined(name)
    assert not row.fault
    kinds = {part.split(" (")[0] for part in row.retained.split("), ") if part}
    assert kinds >= SAMPLE[name]
    assert bool(kinds) == (not row.card.startswith("No single record"))
    if "rows" in kinds and name != "SVC":  # whose rows are shifted and scaled
        assert row.rows > 0
    if "targets" in kinds:
        assert row.targets > 0


def test_the_page_denies_nothing_that_was_found() -> None:
    assert "In 0 files, the search finds data although the card says that there are none." in PAGE
    for name in SAMPLE:
        assert f"\n| {name} | " in PAGE


def test_the_search_finds_every_spelling() -> None:
    from bench.fidelity.byte_search import numbers_in, strings_in

    value = 1234.56789
    other = np.float32(7.654321).item()
    for spelled in (struct.pack("<d", value), struct.pack(">d", -value), b"[1.0,1234.56789,2]", b"-1.23456789e3"):
        for before in range(9):
            assert numbers_in(b"x" * before + spelled, np.array([value, 99.5])) == {value}
    assert numbers_in(b"ab" + struct.pack("<f", other), np.array([other])) == {other}
    assert numbers_in(struct.pack("<q", 7654321), np.array([7654321.0, 7654322.0])) == {7654321.0}
    assert numbers_in(b"nothing here 12", np.array([value])) == set()
    assert strings_in(b"xMrs Quillfeather.", ["Mrs Quillfeather", "Mr Q"]) == {"Mrs Quillfeather"}
