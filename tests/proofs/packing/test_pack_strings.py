"""`.str` of pandas in the user's functions: edits of a text stage that encoders, comparisons and vectorizers read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

import sealift
from sealift.errors import PackError

RNG = np.random.default_rng(0)
WORDS = ["Yes", " yes", "YES ", "no", "No\u00a0", "stra\u00dfe", "\u039f\u0394\u039f\u03a3", "", "n/a", "\U0001f600 x"]
UNSEEN = ["yES", "yes yes", "\tno\n", "STRASSE", "\u03bf\u03b4\u03bf\u03c2", "x\u0301", "\u0130", "Ye s"]
X = pd.DataFrame({"s": RNG.choice(WORDS, 300), "a": RNG.normal(size=300)})
GAPS = X.assign(s=X["s"].where(RNG.random(300) > 0.2, None))
PANDAS_2 = pd.__version__.startswith("2.")
Y = (X["s"].str.strip().str.lower() == "yes").astype(int)


def pack(function: Callable[[Any], Any], rows: pd.DataFrame, encode: Any, tmp_path: Path) -> None:
    """Pack with proof, and ask again about strings that were not in the rows."""
    last = DecisionTreeClassifier(max_depth=6, random_state=0)
    model = make_pipeline(FunctionTransformer(function), encode, last).fit(rows, Y)
    sealed = sealift.pack(model, rows, name="m", output=tmp_path / "m.seal").load()
    unseen = rows.head(8).assign(
        s=["yES", "yes yes", "\tno\n", "STRASSE", "\u03bf\u03b4\u03bf\u03c2", "x\u0301", "1", "Ye s"]
    )
    for asked in (rows, unseen):
        np.testing.assert_allclose(sealed.predict(asked)["probability"], model.predict_proba(asked), rtol=1e-12)


def one_hot() -> Any:
    return make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["s"]), remainder="passthrough")


EDITS: dict[str, Callable[[Any], Any]] = {
    "lower": lambda s: s.str.lower(),
    "upper": lambda s: s.str.upper(),
    "strip, then lower": lambda s: s.str.strip().str.lower(),
    "strip of characters": lambda s: s.str.strip("Ys "),
    "lstrip and rstrip": lambda s: s.str.lstrip().str.rstrip("o"),
    "replace": lambda s: s.str.replace("es", "ou").str.replace(" ", "", regex=False),
    "several": lambda s: s.str.strip().str.lower().str.replace("\u00df", "ss"),
}


@pytest.mark.parametrize("kind", ["object", "str"])
@pytest.mark.parametrize("name", EDITS)
def test_edits_before_an_encoder(name: str, kind: str, tmp_path: Path) -> None:
    # The strings of a column of objects are edited by Python, those of the type str by Arrow, with other results.
    pack(lambda d: d.assign(s=EDITS[name](d["s"])), X.astype({"s": kind}), one_hot(), tmp_path)


@pytest.mark.parametrize("fill", ["none", " YES ", ""])
def test_filled_and_edited(fill: str, tmp_path: Path) -> None:
    pack(lambda d: d.assign(s=d["s"].fillna(fill).str.strip().str.lower()), GAPS, one_hot(), tmp_path)
    ordinal = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["s"]), remainder="passthrough"
    )
    pack(lambda d: d.assign(s=d["s"].str.lower().fillna(fill)), GAPS, ordinal, tmp_path)


NUMBERS: dict[str, Callable[[Any], Any]] = {
    "len": lambda s: s.str.len(),
    "len of edited strings": lambda s: s.str.strip().str.len(),
    "contains": lambda s: s.str.contains("es"),
    "contains, any case": lambda s: s.str.contains("yes", case=False),
    "contains a pattern": lambda s: s.str.contains(r"^[nN]o|\bx"),
    "contains a plain string": lambda s: s.str.contains("n/a", regex=False),
    "startswith": lambda s: s.str.startswith("Y"),
    "endswith": lambda s: s.str.endswith("s"),
    "isin": lambda s: s.str.lower().isin(["yes", "no"]),
    "map": lambda s: s.str.strip().str.lower().map({"yes": 1, "no": 0}).fillna(-1),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_strings(name: str, tmp_path: Path) -> None:
    rows = X.astype({"s": object})

    def numbers(d: Any) -> Any:
        return d.assign(n=NUMBERS[name](d["s"]).astype(float)).drop(columns=["s"])

    pack(numbers, rows, "passthrough", tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["len", "contains", "startswith", "isin"])
def test_numbers_of_strings_with_gaps(name: str, tmp_path: Path) -> None:
    def numbers(d: Any) -> Any:
        return d.assign(n=NUMBERS[name](d["s"]).astype(float)).drop(columns=["s"])

    pack(numbers, GAPS, "passthrough", tmp_path)


def test_missing_strings_in_a_search_with_na(tmp_path: Path) -> None:
    def numbers(d: Any) -> Any:
        return d.assign(n=d["s"].str.contains("es", na=False).astype(float)).drop(columns=["s"])

    pack(numbers, GAPS, "passthrough", tmp_path)


@pytest.mark.parametrize("as_series", [True, False])
def test_free_text(as_series: bool, tmp_path: Path) -> None:
    texts = pd.Series(
        RNG.choice(["Good film", "bad\u00a0FILM", "\u03a3\u039f\u03a6\u039f\u03a3 ", "so so"], 200), name="s"
    )
    texts = texts.where(RNG.random(200) > 0.2, None)
    clean = FunctionTransformer(lambda s: s.fillna("").str.strip().str.replace("film", "movie"))
    if as_series:
        model = make_pipeline(clean, TfidfVectorizer(), LogisticRegression())
        rows: Any = texts
    else:
        model = make_pipeline(
            make_column_transformer((make_pipeline(clean, TfidfVectorizer()), "s")), LogisticRegression()
        )
        rows = texts.to_frame()
    model.fit(rows, RNG.integers(0, 2, 200))
    assert sealift.pack(model, rows, name="m", output=tmp_path / "m.seal").report.passed


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "title": (lambda s: s.str.title(), ".str.title"),
    "a regular expression": (lambda s: s.str.replace(r"[a-z]+", "", regex=True), "regular expression"),
    "a count": (lambda s: s.str.replace("a", "b", n=1), "rare arguments"),
    "flags": (lambda s: s.str.contains("a", flags=2), "rare arguments"),
    "two beginnings": (lambda s: s.str.startswith(("a", "b")), "several beginnings"),
    "joined": (lambda s: s.str.lower() + "x", ""),
}
if X["s"].dtype != object:  # pandas 2 holds strings as objects
    REFUSED["a pattern in Arrow's strings"] = (lambda s: s.str.contains(r"\bno"), "strings of Arrow")
    REFUSED["any case in Arrow's strings"] = (lambda s: s.str.contains("no", case=False), "strings of Arrow")


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str, tmp_path: Path) -> None:
    function, part = REFUSED[name]
    model = make_pipeline(
        FunctionTransformer(lambda d: d.assign(s=function(d["s"]))), one_hot(), DecisionTreeClassifier()
    ).fit(X, Y)
    with pytest.raises(PackError) as caught:
        sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert caught.value.code == "E302"
    assert part in caught.value.what


@pytest.mark.parametrize("errors", ["raise", "coerce"])
@pytest.mark.parametrize("name", ["pd.to_numeric", "pd.to_datetime"])
def test_pandas_2_reads_fewer_strings(name: str, errors: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def read(d: Any) -> Any:
        if name == "pd.to_numeric":
            return d.assign(s=pd.to_numeric(d["s"], errors=errors))
        return d.assign(s=pd.to_datetime(d["s"], format="%d.%m.%Y", errors=errors).dt.year)

    rows = pd.DataFrame({"s": ["1", "2"] * 40 if name == "pd.to_numeric" else ["01.03.2024", "02.03.1999"] * 40})
    model = make_pipeline(FunctionTransformer(read), DecisionTreeClassifier()).fit(rows, [0, 1] * 40)
    monkeypatch.setattr("sealift.tracing.strings.metadata.version", lambda _: "2.3.3")
    with pytest.raises(PackError, match=f"{name} of strings, of which pandas before 3 reads fewer") as caught:
        sealift.pack(model, rows, name="m", output=tmp_path / "m.seal")
    assert "pandas 3" in caught.value.fix


@pytest.mark.skipif(PANDAS_2, reason="reading strings is refused with pandas 2")
@pytest.mark.parametrize("kind", ["object", "str"])
def test_numbers_and_dates_out_of_strings(kind: Any, tmp_path: Path) -> None:
    numbers = ["1", " 2.5 ", "-3e1", "x", "", "1,5", "\uff11"]
    dates = ["01.03.2024", "1.12.1999", "30.02.2024", "", "2024-03-01"]
    rows = pd.DataFrame({"n": RNG.choice(numbers, 300), "d": RNG.choice(dates, 300)}).astype(kind)
    rows.loc[::7, "n"] = None
    y = (rows["n"] == "1").astype(int)

    def read(d: Any) -> Any:
        return d.assign(
            n=pd.to_numeric(d["n"].str.replace(",", ".", regex=False), errors="coerce").fillna(-1.0),
            d=pd.to_datetime(d["d"], format="%d.%m.%Y", errors="coerce").dt.year.fillna(0.0),
        )

    model = make_pipeline(FunctionTransformer(read), DecisionTreeClassifier(max_depth=5, random_state=0)).fit(rows, y)
    sealed = sealift.pack(model, rows, name="m", output=tmp_path / "m.seal").load()
    unseen = pd.DataFrame({"n": ["1e0", "0x1", "1_0", "INF"][:3], "d": ["31.12.2030", "1.1.1", "32.01.2024"]}).astype(
        kind
    )
    for asked in (rows, unseen):
        np.testing.assert_allclose(sealed.predict(asked)["probability"], model.predict_proba(asked), rtol=1e-12)


@pytest.mark.parametrize(
    ("function", "part"),
    [
        (lambda d: d["s"].astype(float), "float() and int()"),
        (lambda d: d["s"].astype("int64"), "float() and int()"),
        (lambda d: pd.to_datetime(d["s"], format="%d %b %Y", errors="coerce").dt.year, "format that is not supported"),
        (lambda d: pd.to_datetime(d["s"], errors="coerce").dt.year, "format that is not supported"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_numbers_and_dates_that_are_refused(function: Callable[[Any], Any], part: str, tmp_path: Path) -> None:
    rows = pd.DataFrame({"s": ["1", "2"] * 40})
    if "dt" in function.__code__.co_names:
        rows = pd.DataFrame({"s": ["01.03.2024", "02.03.2024"] * 40})
    step = FunctionTransformer(lambda d: function(d).to_frame()).fit(rows)
    with pytest.raises(PackError) as caught:
        sealift.pack(step, rows, name="m", output=tmp_path / "m.seal")
    assert part in caught.value.what
    assert "pd.to_numeric" in caught.value.fix or "format=" in caught.value.fix
