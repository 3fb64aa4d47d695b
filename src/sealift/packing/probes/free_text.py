"""Fields of free text that a text stage reads: generated strings of terms that many of the given strings contain."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from sealift.contract import Contract, Field, Stage
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column
from sealift.packing.privacy.findings import Finding
from sealift.packing.probes import value_texts
from sealift.packing.probes.probe_rows import ProbeRows, Row, allowed
from sealift.packing.probes.strange_texts import STRANGE
from sealift.stages.text import TextStage, is_text
from sealift.stats import SMALL

_TEXTS_READ = 20_000
_WORDS, _LONGEST, _ODD = 500, 30, 40
_PASSAGE_WORDS, _PASSAGE_LETTERS = 3, 24
_ENOUGH = 10 * SMALL  # fewer strings do not show whether a term was rare in training


@dataclasses.dataclass(frozen=True)
class Words:
    """The terms of which strings of a field are generated: those of its stages that at least `SMALL` strings contain.

    Attributes:
        terms: the most frequent terms; sequences of characters for a stage that splits into characters.
        between: the separator of two terms.
        single: whether a string is a single term, because a stage reads it as one value.
        strange: further strings that test the stage.
    """

    terms: Sequence[str]
    between: str
    single: bool = False
    strange: Sequence[str] = ()

    def text(self, random: np.random.Generator) -> str:
        """A string of random terms; empty if there are none."""
        count = 1 if self.single else int(random.integers(1, _LONGEST))
        return self.between.join(random.choice(self.terms, count)) if self.terms else ""

    def odd(self) -> list[str]:
        """Strings that test lower case, accents, word boundaries and n-grams."""
        strings = list(self.strange)
        for i, term in enumerate(self.terms[:_ODD]):
            other = self.terms[-1 - i]
            strings += [
                *(term.upper(), term.title(), f"{term} {other}", f"{other} {term}", f"{term}{other}"),
                *(f"{term}\u0301 {other}", f"({term})\u2014{other}.", f"{term}\n\n{other}\u00a0{term}", f"_{term}'s"),
                term.translate(_ACCENTED),
            ]
        return strings


_ACCENTED = str.maketrans("aceinosuy", "àçéîñøšûÿ")


def words_of(
    stages: Sequence[Stage], input_rows: InputRows, *, training: bool = False
) -> tuple[dict[int, Words], list[Finding]]:
    """The terms of each field that a stage reads, by the field's index; and findings on the vocabularies.

    Args:
        stages: the text stages.
        input_rows: rows with strings.
        training: whether they are the training rows; then their number need not be large to find rare terms.
    """
    words: dict[int, Words] = {}
    findings: list[Finding] = []
    for stage in stages:
        if not is_text(stage) and input_rows.columns[stage.field].type.feeds == "text":
            words[stage.field] = Words(_plain_words(input_rows.columns[stage.field]), " ", strange=STRANGE)
    for stage in _free(stages):
        column = input_rows.columns[stage.field]
        counts = _counted(TextStage(stage.spec), column)
        shared = [term for term, count in counts.most_common() if count >= SMALL and term]
        known = words.get(stage.field)
        if known is None or (not known.terms and shared):
            single = value_texts.is_value(stage)
            terms = [*shared[:_WORDS], *(value_texts.texts_like(stage, column.values) if single else ())]
            words[stage.field] = Words(terms, " " if stage.spec["analyzer"] == "word" else "", single)
        vocabulary = set(stage.spec.get("vocabulary", ()))
        rare = len(vocabulary.difference(shared))
        where = f'"{column.name}"'
        if rare and (training or len(input_rows) >= _ENOUGH):
            findings.append(
                Finding(
                    "terms", rare,
                    f"The vocabulary of {where} holds {rare} terms that fewer than {SMALL} of the texts given hold; "
                    "they are part of the file.",
                    f"Use min_df={SMALL} in training, or a HashingVectorizer, if they could name a person.",
                    of=len(vocabulary), columns={column.name: rare}, where=column.name,
                )
            )  # fmt: skip
        passages = [term for term in vocabulary if 0 < counts[term] < SMALL and _is_passage(term)]
        if passages:
            longest = max(len(term.split()) for term in passages)
            findings.append(
                Finding(
                    "passages", len(passages),
                    f"{len(passages):,} terms in the vocabulary of {where} are passages of up to {longest} words from "
                    f"fewer than {SMALL} of the texts given.",
                    f"Use a shorter ngram_range and min_df={SMALL} in training, or a HashingVectorizer.",
                    of=len(vocabulary), columns={column.name: len(passages)}, where=column.name,
                )
            )  # fmt: skip
    return words, findings


def _is_passage(term: str) -> bool:
    return len(term.split()) >= _PASSAGE_WORDS or len(term) >= _PASSAGE_LETTERS


def without_lists(fields: Sequence[Field], stages: Sequence[Stage]) -> list[Field]:
    """The fields, without categories where a stage reads free text: such a field is entered freely, not chosen."""
    free = {stage.field for stage in stages if not is_text(stage)} | {stage.field for stage in _free(stages)}
    return [
        dataclasses.replace(field, categories=None, typical=None) if i in free else field
        for i, field in enumerate(fields)
    ]


def fill(rows: Sequence[Row], words: Mapping[int, Words], seed: int) -> list[Row]:
    """The rows, with a generated string where a field of free text is empty."""
    random = np.random.Generator(np.random.PCG64(seed))
    return [
        [words[i].text(random) if i in words and not value else value for i, value in enumerate(row)] for row in rows
    ]


def odd_rows(contract: Contract, words: Mapping[int, Words], base: Sequence[Row]) -> ProbeRows:
    """Plausible rows in which one string is replaced by an unusual one."""
    probes = ProbeRows([field.name for field in contract.inputs])
    for position, field in words.items():
        for turn, text in enumerate(field.odd()):
            row = list(base[turn % len(base)])
            row[position] = text
            probes.add("text", [row])
    return allowed(contract, probes)


def _free(stages: Sequence[Stage]) -> list[Stage]:
    """The stages that split a string into terms; the others use the whole string as a category."""
    return [stage for stage in stages if is_text(stage) and stage.spec["analyzer"] != "whole"]


def _plain_words(column: Column) -> list[str]:
    """The most frequent words that at least `SMALL` strings contain."""
    step = max(1, -(-len(column.values) // _TEXTS_READ))
    counts: Counter[str] = Counter()
    for text in column.values[::step]:
        counts.update(set(str(text).split()) if text is not None else ())
    return [word for word, count in counts.most_common(_WORDS) if count >= SMALL]


def _counted(stage: TextStage, column: Column) -> Counter[str]:
    """The number of strings that contain each term."""
    step = max(1, -(-len(column.values) // _TEXTS_READ))
    counts: Counter[str] = Counter()
    for text in column.values[::step]:
        counts.update(set(stage.terms(str(text))) if text is not None else ())
    return counts
