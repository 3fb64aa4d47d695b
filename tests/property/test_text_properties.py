"""Any text at all, with any options: the stage gives scikit-learn's terms and columns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

from sealift.contract import Field
from sealift.frameworks import convert
from sealift.graph.inputs import text_fields
from sealift.stages import Stages
from sealift.stages.text import TextStage

# Halves of surrogate pairs and U+0000 never reach a stage: the contract refuses them.
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
HARD = st.text(
    alphabet="aAbI\u0130\u0131\u00df\u1e9e\u03a3\u03c3\u0301\u0345\u02b0\u00ad'. \t\n\u00a0\u2003\u3000\u200b\u200d_-19"
    "\u0663\u65e5\uac01\ufb03\u01c4\u212a\U0001f600\U00010400",
    max_size=30,
)
TEXTS = st.lists(ANY | HARD, min_size=1, max_size=5)
OPTIONS = st.fixed_dictionaries(
    {
        "lowercase": st.booleans(),
        "strip_accents": st.sampled_from([None, "unicode", "ascii"]),
        "analyzer": st.sampled_from(["word", "char", "char_wb"]),
        "ngram_range": st.tuples(st.integers(1, 4), st.integers(0, 3)).map(lambda pair: (pair[0], sum(pair))),
        "token_pattern": st.sampled_from([r"(?u)\b\w\w+\b", r"\w+", r"\S+", r"[^\W\d]+|\d", r"'(\w)"]),
        "stop_words": st.sampled_from([None, ["a", "the", "\u65e5"], "english"]),
    }
)


def _stage(model: Any) -> TextStage:
    conversion = convert(model, [Field(name="text", dtype="string")])
    (stage,) = conversion.stages
    assert Stages(conversion.stages, text_fields(conversion.graph)).made
    return TextStage(stage.spec)


@settings(max_examples=150, deadline=None)
@given(texts=TEXTS, options=OPTIONS)
def test_terms_and_counts(texts: list[str], options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        analyze = CountVectorizer(**options).build_analyzer()
        known = sorted({term for text in texts for term in analyze(text)}) or ["a"]
        model = CountVectorizer(vocabulary=known[::2], **options).fit(texts)
        wanted = model.transform(texts).toarray()
    stage = _stage(model)
    for text, row in zip(texts, wanted, strict=True):
        assert sorted(stage.terms(text)) == sorted(analyze(text))
        counts = np.zeros(len(row))
        for column, count in stage.count(text).items():
            counts[column] = count
        assert counts.tolist() == row.tolist()


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, options=OPTIONS, size=st.integers(1, 2**20), signs=st.booleans())
def test_hashed(texts: list[str], options: dict[str, Any], size: int, signs: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = HashingVectorizer(n_features=size % 5000 + 1, alternate_sign=signs, norm=None, **options).fit(texts)
        wanted = model.transform(texts).sorted_indices()
    stage = _stage(model)
    for i, text in enumerate(texts):
        row = wanted[[i]]
        assert sorted(stage.count(text).items()) == list(zip(row.indices.tolist(), row.data.tolist(), strict=True))
