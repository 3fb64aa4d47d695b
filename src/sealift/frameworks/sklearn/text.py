"""Text vectorizers (`feature_extraction/text.py`): terms are counted by a stage before the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from sealift import canonical
from sealift.frameworks.registry import converter
from sealift.graph import inputs, unicode_tables
from sealift.graph.builder import Tensor, where
from sealift.graph.edited_strings import EditedStrings
from sealift.graph.sparse import SparseRows
from sealift.graph.step import refuse
from sealift.graph.table import Table
from sealift.graph.token_pattern import automaton
from sealift.stages.text import text_stage
from sealift.stages.text.stage import LONGEST_GRAM, MOST_COLUMNS

# The contract is one member of 16 MiB, which other stages share.
_MOST_BYTES = 6 << 20
_DTYPES = {"float32": "float32"} | dict.fromkeys(("float64", "int32", "int64", "uint32", "uint64"), "float64")


@converter(CountVectorizer)
def count(step: Any, x: Table) -> Table:
    """The number of occurrences of each term."""
    return x.with_values(_counted(step, x), step.get_feature_names_out())


@converter(TfidfVectorizer)
def tfidf(step: Any, x: Table) -> Table:
    """Weighted numbers of occurrences of each term."""
    check_is_fitted(step)
    return x.with_values(_weighted(step._tfidf, _counted(step, x)), step.get_feature_names_out())


@converter(HashingVectorizer)
def hashing(step: Any, x: Table) -> Table:
    """The number of terms with each hash, optionally with the hash's sign, divided by the row's norm."""
    if step.n_features > MOST_COLUMNS:
        raise refuse(f"It makes {step.n_features} columns.", "Use at most n_features=2**20, or better 2**16.")
    hashed = {"columns": int(step.n_features), "signs": bool(step.alternate_sign)}
    bag = _bag(step, x, {"hash": hashed}, int(step.n_features))
    return x.with_values(_over_norm(bag, step.norm))


@converter(TfidfTransformer)
def weights(step: Any, x: Table) -> Table:
    """Weights for counts."""
    check_is_fitted(step)
    return x.with_values(_weighted(step, x.numbers()), x.names)


def _counted(step: Any, x: Table) -> Tensor:
    step._check_vocabulary()
    terms = sorted(step.vocabulary_, key=step.vocabulary_.__getitem__)
    if [int(step.vocabulary_[term]) for term in terms] != list(range(len(terms))):
        raise refuse("The numbers of its vocabulary have gaps.", "Fit it again, and leave vocabulary_ as it is.")
    if len(terms) > MOST_COLUMNS:
        raise refuse(f"Its vocabulary has {len(terms)} terms.", "Use max_features=2**20 or fewer, or min_df.")
    return _bag(step, x, {"vocabulary": terms}, len(terms))


def _bag(step: Any, x: Table, columns: dict[str, Any], width: int) -> SparseRows:
    dtype = _DTYPES.get(np.dtype(step.dtype).name)
    if dtype is None:
        raise refuse(f"It counts in {np.dtype(step.dtype).name}, which overflows.", "Leave dtype at its default.")
    spec = {**_analysis(step), **columns}
    try:
        size = len(canonical.dumps(spec))
    except (ValueError, TypeError):
        raise refuse("Its vocabulary or stop words are not strings.", "Fit it on strings, not on bytes.") from None
    if size > _MOST_BYTES:
        raise refuse(
            f"Its vocabulary takes {size >> 20} MiB.",
            "Use max_features or min_df, or a HashingVectorizer, in training.",
        )
    places, counts = _staged(x, spec)
    if step.binary:
        counts = (places >= 0).cast("float64")
    return SparseRows(places, counts.cast(dtype), width)


def _staged(x: Table, spec: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """The tensors of a stage over the one column of `x`."""
    strings = x.blocks[0].values if x.width == 1 else None
    if not isinstance(strings, EditedStrings):
        terms, counts = inputs.stage_tensors(x.graph, text_stage(field_of(x), spec))
        return terms, counts
    if strings.instead not in (None, ""):
        raise refuse(
            f"Missing strings are replaced by {strings.instead!r:.40} before it.",
            "Fill them with the empty string: .fillna('').",
        )
    return strings.staged(spec)


def field_of(x: Table) -> int:
    """The field of the strings."""
    if x.width != 1:
        raise refuse(
            f"It is given {x.width} columns, but takes one column of texts.",
            "Use a ColumnTransformer with one vectorizer a column, each column named by a plain string.",
        )
    block = x.blocks[0]
    if not block.is_text:
        raise refuse(f"The column {block.names[0]!r:.80} holds numbers.", "Give it texts.")
    field = inputs.field_of(block.values)
    if field is None:
        raise refuse("The texts were changed by a step before it.", "Let it stand first, on the column as it is.")
    return field.index


def _analysis(step: Any) -> dict[str, Any]:
    """The analysis of a string into terms, as in the specification of a stage."""
    for name in ("analyzer", "tokenizer", "preprocessor", "strip_accents"):
        if callable(getattr(step, name)):
            raise refuse(
                f"Its {name} is a function of your own.",
                f"Leave {name} at one of scikit-learn's own values, or apply the function before the model.",
            )
    if step.input != "content":
        raise refuse(f"It reads from a {step.input}.", "Use input='content', and give the texts themselves.")
    least, most = (int(n) for n in step.ngram_range)
    if not 1 <= least <= most <= LONGEST_GRAM:
        raise refuse(f"Its ngram_range is {step.ngram_range}.", f"Use n-grams of 1 to {LONGEST_GRAM}.")
    spec: dict[str, Any] = {"analyzer": step.analyzer, "ngrams": [least, most]}
    if step.lowercase:
        spec["lower"] = unicode_tables.lower()
    if step.strip_accents:
        spec["accents"] = unicode_tables.accents(step.strip_accents)
    if step.analyzer != "word":
        return spec | {"space": unicode_tables.space()}
    spec["pattern"] = automaton(step.token_pattern)
    stop = step.get_stop_words()
    return spec | {"stop_words": sorted(stop)} if stop else spec


def _weighted(step: Any, counts: Tensor) -> Tensor:
    """`TfidfTransformer.transform` of the non-zero cells."""
    # If a column may occur several times in a row, only the sums can be weighted.
    bag = counts if type(counts) is SparseRows else None
    values = counts if bag is None else bag.values
    if step.sublinear_tf:
        full = values.equals(np.array(0, values.dtype)).op("Not") if bag is None else bag.filled()
        values = where(full, where(full, values, np.array(1, values.dtype)).log() + 1.0, np.array(0, values.dtype))
    if hasattr(step, "idf_"):
        idf = np.asarray(step.idf_).astype(values.dtype)
        values = values * (idf if bag is None else bag.places.take_from(idf))
    return _over_norm(values if bag is None else bag.with_values(values), step.norm)


def _over_norm(rows: Tensor, norm: str | None) -> Tensor:
    """Each row divided by its norm, which is summed in float64; a row of zeros is not changed."""
    if norm is None:
        return rows
    bag = rows if type(rows) is SparseRows else None
    values = rows if bag is None else bag.values
    size = (values * values if norm == "l2" else values.abs()).cast("float64").sum(keepdims=True)
    size = size.sqrt() if norm == "l2" else size
    normalised = (values.cast("float64") / where(size.equals(0.0), 1.0, size)).cast(values.dtype)
    return normalised if bag is None else bag.with_values(normalised)
