"""Pipelines of strings in several languages and scripts, with and without other columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import NMF, LatentDirichletAllocation, TruncatedSVD
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MaxAbsScaler, Normalizer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier

from bench.fidelity.case import Case, Fit
from bench.fidelity.lightgbm_models import FEW as LIGHT
from bench.fidelity.xgboost_models import FEW as EXTREME

_PARTS = (
    ("The patient", "Élève malade", "NO FEVER", "Straße und Groß", "naïve re-test", "Ἀσθενής", "患者は", "ИВАН иванов"),
    ("was seen", "coughs, coughs", "has 39.5 °C", "denies pain!", "don't know", "lab_value=7", "熱がある", "болен"),
    ("today.", "and sleeps", "àé îô", "x", "😀 fine", "İstanbul ﬁnal", "...", "e-mail: a@b.org"),
)


@cache
def notes(seed: int = 0, count: int = 240) -> list[str]:
    """Short notes, some of them empty or blank."""
    random = np.random.default_rng(seed)
    texts = [" ".join(random.choice(part) for part in _PARTS) for _ in range(count)]
    texts[7], texts[31] = "", "   "
    return texts


def records(seed: int = 0) -> pd.DataFrame:
    """A note, a second string, a word, and a number with missing values."""
    random = np.random.default_rng(seed + 100)
    texts = notes(seed)
    frame = pd.DataFrame(
        {
            "note": pd.Series(texts, dtype=object),
            "title": pd.Series(random.choice(_PARTS[0], len(texts)), dtype=object),
            "ward": pd.Series(random.choice(["ICU", "Pädiatrie", "ER"], len(texts)), dtype=object),
            "age": random.integers(18, 95, len(texts)).astype(float),
        }
    )
    frame.loc[::13, "age"] = np.nan
    return frame


def cases() -> Iterator[Case]:
    """All of them."""
    for i, (name, make) in enumerate({**_words(), **_models()}.items()):
        yield Case("pipelines", "text", name, "", _on_notes(make, (two, three, named)[i % 3]))
    for name, make in _columns().items():
        yield Case("pipelines", "text and other columns", name, "", _on_records(make))


def two(texts: list[str]) -> Any:
    """Two classes."""
    return np.array([len(re.findall("[aeiouéа-я]", text)) % 7 > 2 for text in texts]).astype(int)


def three(texts: list[str]) -> Any:
    """Three classes."""
    return two(texts) + np.array(["a" in text[-6:] for text in texts])


def named(texts: list[str]) -> Any:
    """Three classes with names."""
    return np.array(["low", "médium", "high"])[three(texts)]


def _on_notes(make: Callable[[], Any], target: Callable[[list[str]], Any]) -> Fit:
    return lambda: (make().fit(notes(), target(notes())), notes(1))


def _on_records(make: Callable[[], Any]) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = records()
        return make().fit(X, two(list(X["note"]))), records(1)

    return fit


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=2000)


def _bare(token: str) -> str:
    return token.strip(".,!")


def _read(reader: Callable[[], Any]) -> Any:
    return make_pipeline(reader(), _logistic())


def _words() -> dict[str, Callable[[], Any]]:
    """Vectorizers, each before the same model."""
    readers: dict[str, Callable[[], Any]] = {
        "counts": CountVectorizer,
        "counts, binary": lambda: CountVectorizer(binary=True),
        "counts, two words": lambda: CountVectorizer(ngram_range=(1, 2), min_df=2),
        "tf-idf": TfidfVectorizer,
        "tf-idf, sublinear": lambda: TfidfVectorizer(sublinear_tf=True, smooth_idf=False),
        "tf-idf, shares": lambda: TfidfVectorizer(norm="l1", use_idf=False),
        "tf-idf, commonest": lambda: TfidfVectorizer(max_features=20, max_df=0.8),
        "accents stripped": lambda: TfidfVectorizer(strip_accents="unicode"),
        "accents stripped, ASCII": lambda: TfidfVectorizer(strip_accents="ascii"),
        "case kept": lambda: CountVectorizer(lowercase=False),
        "English stop words": lambda: TfidfVectorizer(stop_words="english"),
        "own stop words": lambda: TfidfVectorizer(stop_words=["the", "naïve", "und"]),
        "own vocabulary": lambda: CountVectorizer(vocabulary=["fever", "straße", "pain", "39", "coughs"]),
        "single signs": lambda: CountVectorizer(token_pattern=r"(?u)\b\w+\b"),
        "own pattern": lambda: CountVectorizer(token_pattern=r"[a-zà-ÿ]+(?:[-'][a-z]+)*|\d+\.\d+"),
        "characters": lambda: TfidfVectorizer(analyzer="char", ngram_range=(1, 3)),
        "characters of words": lambda: TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
        "hashed": lambda: HashingVectorizer(n_features=2**12),
        "hashed, characters": lambda: HashingVectorizer(
            n_features=2**10, analyzer="char_wb", ngram_range=(3, 3), alternate_sign=False
        ),
        "hashed and weighted": lambda: make_pipeline(
            HashingVectorizer(n_features=2**10, norm=None), TfidfTransformer()
        ),
        "counts weighted": lambda: make_pipeline(CountVectorizer(), TfidfTransformer(sublinear_tf=True)),
        "words and characters": lambda: make_union(
            TfidfVectorizer(), CountVectorizer(analyzer="char", ngram_range=(2, 2))
        ),
        "own tokenizer": lambda: CountVectorizer(tokenizer=str.split, token_pattern=None),
        "own preprocessor": lambda: CountVectorizer(preprocessor=_bare),
        "own analyzer": lambda: CountVectorizer(analyzer=lambda text: text.split(",")),
    }
    return {name: partial(_read, reader) for name, reader in readers.items()}


def _models() -> dict[str, Callable[[], Any]]:
    """Models after the same vectorizer."""
    return {
        "naive Bayes, multinomial": lambda: make_pipeline(CountVectorizer(), MultinomialNB()),
        "naive Bayes, complement": lambda: make_pipeline(TfidfVectorizer(), ComplementNB()),
        "naive Bayes, Bernoulli": lambda: make_pipeline(CountVectorizer(binary=True), BernoulliNB()),
        "linear margin": lambda: make_pipeline(TfidfVectorizer(), LinearSVC()),
        "linear margin, calibrated": lambda: make_pipeline(
            TfidfVectorizer(), CalibratedClassifierCV(LinearSVC(), cv=3)
        ),
        "gradient descent": lambda: make_pipeline(
            HashingVectorizer(n_features=2**18), SGDClassifier(loss="log_loss", random_state=0)
        ),
        "forest": lambda: make_pipeline(TfidfVectorizer(), RandomForestClassifier(15, random_state=0)),
        "chosen terms": lambda: make_pipeline(CountVectorizer(), SelectKBest(chi2, k=12), _logistic()),
        "latent semantics": lambda: make_pipeline(
            TfidfVectorizer(), TruncatedSVD(8, random_state=0), Normalizer(copy=False), _logistic()
        ),
        "topics": lambda: make_pipeline(
            CountVectorizer(), LatentDirichletAllocation(4, random_state=0, max_iter=5), _logistic()
        ),
        "non-negative parts": lambda: make_pipeline(TfidfVectorizer(), NMF(4, random_state=0), _logistic()),
        "nearest centre": lambda: make_pipeline(TfidfVectorizer(), TruncatedSVD(5, random_state=0), NearestCentroid()),
        "scaled counts": lambda: make_pipeline(CountVectorizer(), MaxAbsScaler(), _logistic()),
        "boosted semantics": lambda: make_pipeline(
            TfidfVectorizer(), TruncatedSVD(6, random_state=0), LGBMClassifier(**LIGHT)
        ),
        "vote of readings": lambda: VotingClassifier(
            [
                ("words", make_pipeline(TfidfVectorizer(), _logistic())),
                ("letters", make_pipeline(TfidfVectorizer(analyzer="char_wb"), MultinomialNB())),
            ],
            voting="soft",
        ),
        "stack of readings": lambda: StackingClassifier(
            [
                ("words", make_pipeline(CountVectorizer(), MultinomialNB())),
                ("letters", make_pipeline(HashingVectorizer(n_features=2**9, analyzer="char"), _logistic())),
            ],
            _logistic(),
            cv=2,
        ),
        "grid search": lambda: GridSearchCV(
            make_pipeline(TfidfVectorizer(), _logistic()), {"tfidfvectorizer__ngram_range": [(1, 1), (1, 2)]}, cv=2
        ),
    }


def _columns() -> dict[str, Callable[[], Any]]:
    def parts(*chosen: Any, **other: Any) -> ColumnTransformer:
        return ColumnTransformer(list(chosen), **other)

    note = ("note", TfidfVectorizer(), "note")
    letters = ("title", CountVectorizer(analyzer="char_wb", ngram_range=(2, 2)), "title")
    ward = ("ward", OneHotEncoder(handle_unknown="ignore"), ["ward"])
    age = ("age", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["age"])
    return {
        "note and age": lambda: make_pipeline(parts(note, age), _logistic()),
        "two texts": lambda: make_pipeline(parts(note, letters), _logistic()),
        "everything": lambda: make_pipeline(parts(note, letters, ward, age), _logistic()),
        "everything, forest": lambda: make_pipeline(
            parts(note, letters, ward, age, sparse_threshold=0), RandomForestClassifier(15, random_state=0)
        ),
        "everything, XGBoost": lambda: make_pipeline(
            parts(note, ward, age, sparse_threshold=0), XGBClassifier(**EXTREME)
        ),
        "everything, LightGBM": lambda: make_pipeline(
            parts(("note", make_pipeline(TfidfVectorizer(), TruncatedSVD(5, random_state=0)), "note"), ward, age),
            LGBMClassifier(**LIGHT),
        ),
        "hashed note, weighted parts": lambda: make_pipeline(
            parts(("note", HashingVectorizer(n_features=2**10), "note"), ward, age, transformer_weights={"note": 0.5}),
            _logistic(),
        ),
        "a number": lambda: TransformedTargetRegressor(
            make_pipeline(parts(note, age), Ridge()), func=np.log1p, inverse_func=np.expm1
        ),
        "calibrated stack": lambda: CalibratedClassifierCV(
            make_pipeline(
                parts(note, age),
                StackingClassifier([("l", _logistic()), ("s", LinearSVC())], _logistic(), cv=2),
            ),
            cv=2,
        ),
    }
