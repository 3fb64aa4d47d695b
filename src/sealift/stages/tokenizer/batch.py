"""Run all tokenizer stages of a contract on many rows: token ids, masks and types (spec/TOKENIZER.md §7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract import Batch, Stage
from sealift.errors import ContractError, SealError
from sealift.stages.base import StageRun
from sealift.stages.refused_strings import RefusingField, without_refused
from sealift.stages.tokenizer.piece import TooLongError
from sealift.stages.tokenizer.places import NUMBERS, TokenPlaces
from sealift.stages.tokenizer.stage import Encoding, TokenizerStage

Tensors: TypeAlias = Mapping[str, npt.NDArray[Any]]

_CELLS = 1 << 13
"""The maximum number of tokens, with padding, in one run of the graph; a single row may have more."""


def _too_long(stage: TokenizerStage, most: int, name: str, text: str) -> str:
    cut = _encoded(stage, text).cut
    return f'"{name}" has {most + cut} tokens, and the model reads at most {most}.' if cut else ""


class TokenizerRun(StageRun):
    """The tokenizer stages of a contract, ready to run."""

    def __init__(self, stages: Mapping[int, Stage], columns: Mapping[int, int], names: Sequence[str]) -> None:
        """Read stages by their number. Raises ContractError E106 for a malformed one."""
        self._stages: dict[int, tuple[int, TokenizerStage]] = {}
        self._fields = {columns[stage.field]: stage.field for stage in stages.values()}
        self._refusing: list[RefusingField] = []
        self._places = {name: place for place, name in enumerate(names)}
        for number, stage in stages.items():
            try:
                made = TokenizerStage(stage.spec)
            except ValueError as error:
                raise ContractError(
                    "E106",
                    f"The tokenizer stage is malformed: {error}.",
                    where=f"stage {number}",
                    fix="See `sealift docs spec/TOKENIZER`.",
                ) from None
            self._stages[number] = columns[stage.field], made
            if names and made.truncation is not None and made.truncation.refuses:
                name = names[stage.field]
                too_long = partial(_too_long, made, made.truncation.most, name)
                self._refusing.append(RefusingField(columns[stage.field], name, too_long))

    @property
    def refuses(self) -> bool:
        """Whether a stage refuses strings with too many tokens."""
        return bool(self._refusing)

    def checked(self, batch: Batch, *, first_row: int = 1) -> Batch:
        """The batch with a problem (R120) for each string that would be cut and may not be."""
        return without_refused(batch, "R120", self._refusing, self._places, first_row)

    @property
    def notes(self) -> bool:
        """True: any string may be cut or have unknown tokens."""
        return True

    def cautions(self, tensors: Tensors) -> Iterator[tuple[int, int, str]]:
        """Each string that is cut or has unknown tokens: its row, its field, and the numbers of these tokens."""
        for column, stage in self._stages.values():
            for row, text in enumerate(tensors["text"][:, column]):
                caution = stage.caution(_encoded(stage, text))
                if caution:
                    yield row, self._fields[column], caution

    def pieces(self, tensors: Tensors) -> Iterator[Tensors]:
        """The rows in pieces that the graph can be given, with the tensors of the stages added."""
        stages, count = list(self._stages.values()), len(tensors["text"])
        start = 0
        rows: list[list[Encoding]] = []
        for texts in tensors["text"]:
            row = [_encoded(stage, texts[column]) for column, stage in stages]
            if rows and not self._fits([*rows, row]):
                yield self._piece(tensors, start, rows)
                start, rows = start + len(rows), []
            rows.append(row)
        if rows or not count:
            yield self._piece(tensors, start, rows)

    def _fits(self, rows: list[list[Encoding]]) -> bool:
        """Whether rows can be given to the graph together."""
        for (_, stage), encodings in zip(self._stages.values(), zip(rows[0], rows[-1], strict=True), strict=True):
            if stage.padding is None and len(encodings[0].ids) != len(encodings[1].ids):
                return False
        widest = max(len(encoding.ids) for row in rows for encoding in row)
        return len(rows) * widest <= _CELLS

    def _piece(self, tensors: Tensors, start: int, rows: list[list[Encoding]]) -> Tensors:
        piece = {name: array[start : start + len(rows)] for name, array in tensors.items()}
        for place, (number, (_, stage)) in enumerate(self._stages.items()):
            encodings = [row[place] for row in rows]
            made = _padded(number, stage, encodings)
            if stage.places is not None:
                texts = piece["text"][:, self._stages[number][0]]
                made[f"spans{number}"] = _places(stage, stage.places, texts, encodings)
            piece |= made
        return piece


def _encoded(stage: TokenizerStage, text: str) -> Encoding:
    """The tokens of a string. Raises SealError E207 for a string that takes too much work."""
    try:
        return stage.encode(text)
    except TooLongError:
        raise SealError(
            "E207",
            f"A string of {len(text)} characters takes more work than the format allows.",
            fix="Leave the text out, or give it in smaller parts.",
        ) from None


def _places(
    stage: TokenizerStage, places: TokenPlaces, texts: npt.NDArray[Any], rows: list[Encoding]
) -> npt.NDArray[np.int64]:
    """The places of the tokens (N, L, 3); padding is no token."""
    made = np.zeros((len(rows), _width(stage, rows), NUMBERS), dtype=np.int64)
    made[:, :, 2] = -1
    for whole, text, row in zip(made, texts, rows, strict=True):
        if row.ids:
            whole[_own(stage, len(row.ids), len(whole))] = places.of(text, row.ids, row.spans, row.special)
    return made


def _width(stage: TokenizerStage, rows: list[Encoding]) -> int:
    longest = max((len(row.ids) for row in rows), default=0)
    return longest if stage.padding is None else stage.padding.width(longest)


def _own(stage: TokenizerStage, count: int, width: int) -> slice:
    """Where the tokens of a row are, between its padding."""
    return slice(width - count, width) if stage.padding is not None and stage.padding.left else slice(0, count)


def _padded(number: int, stage: TokenizerStage, rows: list[Encoding]) -> dict[str, npt.NDArray[np.int64]]:
    """The tensors (N, L) of one stage."""
    padding, shape = stage.padding, (len(rows), _width(stage, rows))
    ids = np.full(shape, padding.id if padding is not None else 0, dtype=np.int64)
    types = np.full(shape, padding.type if padding is not None else 0, dtype=np.int64)
    mask = np.zeros(shape, dtype=np.int64)
    for i, row in enumerate(rows):
        part = _own(stage, len(row.ids), shape[1])
        ids[i, part], types[i, part], mask[i, part] = row.ids, row.types, 1
    return {f"input_ids{number}": ids, f"attention_mask{number}": mask, f"token_type_ids{number}": types}
