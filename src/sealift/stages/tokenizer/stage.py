"""One tokenizer stage: convert a string to token ids (spec/TOKENIZER.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sealift.stages import read
from sealift.stages.tokenizer.added import AddedTokens
from sealift.stages.tokenizer.char_set import CharSet
from sealift.stages.tokenizer.edits import BYTE_CHARS, Edit, edit_of
from sealift.stages.tokenizer.models import Vocabulary, model_of
from sealift.stages.tokenizer.models.vocabulary import MOST_IDS
from sealift.stages.tokenizer.piece import MOST_CHARACTERS, TokenPiece, TooLongError
from sealift.stages.tokenizer.places import TokenPlaces
from sealift.stages.tokenizer.split import SplitPieces
from sealift.stages.tokenizer.template import Padding, Template, Truncation

Step: TypeAlias = Callable[[TokenPiece], list[TokenPiece]]

DATA = ("added", "added_after", "model", "normalizer", "space", "splitter", "vocabulary", "word")
_REQUIRED = {"model", "vocabulary", "template", "type"}
_OPTIONAL = {*DATA, "truncation", "padding", "trim", "spans"} - _REQUIRED
_MOST_STEPS = 64


@dataclass
class Encoding:
    """The tokens of a string, without padding.

    Attributes:
        ids: the token ids, with those of the template.
        types: the type of each token, `token_type_ids`.
        spans: for each token, its beginning and its end in the string, in characters; (0, 0) for those of the template.
        special: for each token, whether the template added it.
        cut: the number of tokens that truncation removed.
        unknown: the number of tokens of the string that are the unknown token, those that were cut included.
    """

    ids: list[int]
    types: list[int]
    spans: list[tuple[int, int]]
    special: list[bool]
    cut: int = 0
    unknown: int = 0


class TokenizerStage:
    """A tokenizer stage.

    Attributes:
        padding: how rows are made equally long; None if they are not.
        places: computes the places of tokens; None if the graph does not need them.
        truncation: where strings are cut; None if they are not.
        vocabulary: the tokens of the model.
    """

    def __init__(self, raw: object) -> None:
        """Read a stage from a JSON object. Raises ValueError when malformed."""
        spec = read.keys(raw, _REQUIRED, _OPTIONAL)
        self.vocabulary = Vocabulary(spec["vocabulary"])
        self._model = model_of(spec["model"], self.vocabulary)
        (parameters,) = spec["model"].values()
        self._unknown = parameters.get("unknown")
        word, self._space = CharSet(spec.get("word", [])), CharSet(spec.get("space", []))
        self._added = AddedTokens(spec.get("added", []), word, self._space, MOST_IDS)
        self._added_after = AddedTokens(spec.get("added_after", []), word, self._space, MOST_IDS)
        self._normalizer = [_edit(step) for step in read.items(spec.get("normalizer", []), dict, _MOST_STEPS)]
        self._splitter = [_step(step) for step in read.items(spec.get("splitter", []), dict, _MOST_STEPS)]
        self._template = Template(spec["template"], spec["type"], MOST_IDS)
        self.truncation = Truncation(spec["truncation"], self._template.size) if "truncation" in spec else None
        self.padding = Padding(spec["padding"], MOST_IDS) if "padding" in spec else None
        self._trim = read.keys(spec["trim"], {"prefix"}) if "trim" in spec else None
        if self._trim is not None:
            read.flag(self._trim["prefix"], "prefix")
        self.places: TokenPlaces | None = None
        if "spans" in spec:
            added = [*spec.get("added_after", []), *spec.get("added", [])]
            self.places = TokenPlaces(spec["spans"], self.vocabulary, added, self._unknown)

    def encode(self, text: str) -> Encoding:
        """The tokens of a string. Raises TooLongError for a string that takes more work than the format allows."""
        tokens, values = self._tokens(text)
        unknown = sum(token == self._unknown for token, _, _ in tokens) if self._unknown is not None else 0
        cut = 0
        if self.truncation is not None and len(tokens) > self.truncation.most:
            cut = len(tokens) - self.truncation.most
            kept = self.truncation.kept(len(tokens))
            tokens, values = tokens[kept], values[kept]
        spans = [(start, end) for _, start, end in tokens]
        if self._trim is not None:
            spans = [self._trimmed(i, value, span) for i, (value, span) in enumerate(zip(values, spans, strict=True))]
        ids, types, around = self._template.applied([token for token, _, _ in tokens])
        before, after = around
        return Encoding(
            ids,
            types,
            [(0, 0)] * before + spans + [(0, 0)] * after,
            [True] * before + [False] * len(tokens) + [True] * after,
            cut,
            unknown,
        )

    def caution(self, encoding: Encoding) -> str:
        """What makes an answer less reliable, such as "3 of 8 tokens cut off"; empty if nothing does."""
        count = sum(not special for special in encoding.special) + encoding.cut
        parts = []
        if encoding.cut:
            parts.append(f"{encoding.cut} of {count} tokens cut off")
        if encoding.unknown:
            parts.append(f"{encoding.unknown} of {count} tokens unknown to the model")
        return " and ".join(parts)

    def _tokens(self, text: str) -> tuple[list[tuple[int, int, int]], list[str]]:
        """The tokens with their spans before truncation, and what each of them stands for, where spans are trimmed."""
        if len(text) > MOST_CHARACTERS:
            raise TooLongError
        pieces: list[TokenPiece] = []
        for piece in self._added(TokenPiece.whole(text)):
            if piece.token is not None:
                pieces.append(piece)
                continue
            for edit in self._normalizer:
                piece = edit(piece)  # noqa: PLW2901
            pieces += self._added_after(piece)
        for step in self._splitter:
            pieces = [
                part for piece in pieces for part in ([piece] if piece.token is not None else step(piece)) if part.text
            ]
        tokens: list[tuple[int, int, int]] = []
        values: list[str] = []
        model, trimmed = self._model, self._trim is not None
        for part, starts, ends, token in pieces:
            if token is not None:
                tokens.append((token, starts[0], ends[-1]))
                values += [part] * trimmed
                continue
            spans = model(part)
            tokens += [(number, starts[start], ends[end - 1]) for number, start, end in spans]
            if trimmed:
                values += [self.vocabulary.texts[self.vocabulary.places[number]] for number, _, _ in spans]
        return tokens, values

    def _trimmed(self, place: int, value: str, span: tuple[int, int]) -> tuple[int, int]:
        """A span without the white space at both ends of its token (the post-processor ByteLevel)."""
        start, end = span
        left, right = self._blanks(value), self._blanks(value[::-1])
        # One space at the beginning is the prefix.
        if left and not (left == 1 and self._trim and self._trim["prefix"] and (place == 0 or start == 0)):
            start = min(start + left, end)
        if right and end >= right:
            end = max(end - right, start)
        return start, end

    def _blanks(self, value: str) -> int:
        count = 0
        while count < len(value) and (value[count] == BYTE_CHARS[0x20] or self._space[value[count]]):
            count += 1
        return count


def _only(raw: dict[str, object]) -> tuple[str, object]:
    if len(raw) != 1:
        raise ValueError("a step must have exactly one key")
    ((name, value),) = raw.items()
    return name, value


def _edit(raw: dict[str, object]) -> Edit:
    return edit_of(*_only(raw))


def _step(raw: dict[str, object]) -> Step:
    name, value = _only(raw)
    if name == "split":
        return SplitPieces(value)
    edit = edit_of(name, value)
    return lambda piece: [edit(piece)]
