"""The sweep of conversions: how it judges, the page it writes and reads again, and the committed page itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import RadiusNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer

import sealift
from sealift.errors import PackError

ROOT = Path(__file__).parents[2]
IRIS, SPECIES = load_iris(return_X_y=True)


def tried(fit: Callable[[], tuple[Any, Any]]) -> Any:
    from bench.fidelity.attempt import attempt
    from bench.fidelity.case import Case

    return attempt(Case("library", "kind", "name", "variant", fit))


def outcome(name: str, variant: str, status: str, library: str = "library") -> Any:
    from bench.fidelity.attempt import Outcome

    return Outcome(library, "kind", name, variant, status, native=7, how="own", reason="a | b * _c_ <d>")


def test_verified() -> None:
    attempt = tried(lambda: (LogisticRegression(max_iter=500).fit(IRIS, SPECIES), IRIS))
    assert (attempt.status, attempt.how, attempt.reason) == ("verified", "own", "")
    assert attempt.native > 400
    assert attempt.new_rows == 150


def test_refused_with_its_reason() -> None:
    attempt = tried(lambda: (FunctionTransformer(lambda x: x - x.mean(axis=0)).fit(IRIS), IRIS))
    assert attempt.status == "refused"
    assert attempt.reason.startswith("E302 ")


def test_what_fails_in_any_other_way_is_a_crash() -> None:
    attempt = tried(lambda: (LogisticRegression().fit(IRIS, None), IRIS))
    assert attempt.status == "crash"
    assert "ValueError" in attempt.reason


@pytest.mark.parametrize(("code", "what"), [("E302", "The converter failed: KeyError: 'a'."), ("E305", "It fails.")])
def test_refusals_that_hide_a_fault_are_crashes(code: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def pack(*_: Any, **__: Any) -> None:
        raise PackError(code, what, fix="Report it.")

    monkeypatch.setattr(sealift, "pack", pack)
    assert tried(lambda: (LinearRegression().fit(IRIS, SPECIES), IRIS)).status == "crash"


def test_a_file_that_answers_other_rows_differently_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    good = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    other = LogisticRegression(C=1e-3, max_iter=500).fit(IRIS, SPECIES)
    pack = sealift.pack
    monkeypatch.setattr(sealift, "pack", lambda _, X, **options: pack(other, X, **options))
    attempt = tried(lambda: (good, IRIS))
    assert attempt.status == "silent"
    assert "became" in attempt.reason


def test_rows_that_the_original_refuses_are_not_counted() -> None:
    model = RadiusNeighborsClassifier(radius=0.6).fit(IRIS, SPECIES)
    attempt = tried(lambda: (model, IRIS))
    assert attempt.status == "verified"
    assert 0 < attempt.new_rows < 150


def test_new_rows_have_the_format_of_x() -> None:
    from bench.fidelity.second_oracle import new_rows

    numbers = new_rows(IRIS.astype(np.float32))
    assert numbers.shape == IRIS.shape
    assert numbers.dtype == np.float32
    frame = pd.DataFrame({"x": [0.25, np.nan, 0.5], "c": pd.Categorical(["a", "b", None]), "n": [1, 2, 3]})
    refitted = new_rows(frame)
    assert list(refitted.dtypes) == list(frame.dtypes)
    assert sorted(refitted["n"]) == [1, 2, 3]
    assert all(isinstance(text, str) and " " in text for text in new_rows(["a", "b", "c"]))
    assert sorted(new_rows([{"a": 1}, {"a": 2}]), key=str) == [{"a": 1}, {"a": 2}]


def test_the_page_is_read_as_it_was_written() -> None:
    from bench.fidelity.page import changes, page, statuses

    outcomes = [
        outcome("boosting, quantile", "", "verified"),
        outcome("forest", "default", "verified"),
        outcome("forest", "sums, squares", "verified"),
        outcome("forest", "other", "refused"),
        outcome("tree", "", "different", "another library"),
    ]
    text = page(outcomes)
    assert statuses(text) == {o.key: o.status for o in outcomes}
    assert list(changes(statuses(text), outcomes, whole=True)) == []
    assert "| **library** | kind | 2 | 4 | 1 (50 %) | 1 | 0 | 0 | 0 | 28 | 0 | 0 |" in text
    assert r"a / b \* \_c\_ &lt;d>" in text


def test_changed_statuses_are_reported() -> None:
    from bench.fidelity.page import changes, page, statuses

    before = statuses(page([outcome("a", "", "verified"), outcome("b", "x", "verified")]))
    now = [outcome("b", "x", "refused"), outcome("c", "", "verified")]
    assert list(changes(before, now, whole=True)) == [
        "library: kind, a: verified → not tried",
        "library: kind, b, x: verified → refused",
        "library: kind, c: not on the page → verified",
    ]
    assert len(list(changes(before, now, whole=False))) == 2


def test_the_committed_page_keeps_its_promises() -> None:
    # Whether it is still true is for `make fidelity` in .ci/run, which fails for any crash or difference as well.
    from bench.fidelity.page import statuses

    counts = statuses((ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8"))
    assert len(counts) > 700
    assert "silent" not in counts.values()
    estimators = {key[:2] for key in counts if key[0].startswith("scikit-learn: ")}
    lost = {key[:2] for key, status in counts.items() if status != "verified"} & estimators
    assert len(estimators) >= 188
    assert len(lost) <= len(estimators) * 0.05


def test_clusters_are_judged_by_their_label() -> None:
    assert tried(lambda: (KMeans(3, random_state=0, n_init=1).fit(IRIS), IRIS)).status == "verified"
