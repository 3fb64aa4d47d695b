"""Tokenizers as preprocessing: of the library `tokenizers`, of Hugging Face `transformers`, or a tokenizer.json."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sealift.contract import Stage
from sealift.errors import PackError
from sealift.optional import need
from sealift.packing.preprocess.base import Preprocessing
from sealift.packing.tokenizer import stage_values
from sealift.stages.tokenizer import tokenizer_stage

_FILE = "tokenizer.json"
_ENDLESS = 1 << 20
"""A `model_max_length` above this is no limit."""


class TokenizerPreprocessing(Preprocessing):
    """A tokenizer; the original is the user's object.

    Attributes:
        tokenizer: the `tokenizers.Tokenizer`, with truncation and padding as in use.
    """

    field = "text"
    rows: Literal["pictures", "texts"] = "texts"

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._values = stage_values(tokenizer)

    def located(self) -> TokenizerPreprocessing:
        """The same with the places of tokens, and the rule of `transformers` for those that continue a word."""
        made = copy(self)
        rule = "length" if getattr(self.tokenizer.model, "continuing_subword_prefix", None) else "space"
        made._values = {**self._values, "spans": rule}
        return made

    def stage(self, field: int) -> Stage:
        """A tokenizer stage."""
        return tokenizer_stage(field, self._values)

    def original(self, values: Sequence[Any]) -> Mapping[str, Sequence[npt.NDArray[Any]]]:
        """The token ids, masks and types of each text, (L,) in int64."""
        encodings = [self.tokenizer.encode("" if value is None else value) for value in values]
        return {
            "input_ids": [np.array(item.ids, np.int64) for item in encodings],
            "attention_mask": [np.array(item.attention_mask, np.int64) for item in encodings],
            "token_type_ids": [np.array(item.type_ids, np.int64) for item in encodings],
        }

    def places(self, values: Sequence[Any]) -> Sequence[npt.NDArray[Any]]:
        """The beginning and end of each token, and whether it continues a word; −1 for special tokens, (L, 3)."""
        model = self.tokenizer.model
        unknown = getattr(model, "unk_token", None)
        return [self._places(value or "", None if unknown is None else model.token_to_id(unknown)) for value in values]

    def _places(self, text: str, unknown: int | None) -> npt.NDArray[Any]:
        ids, spans, special = self._encoded(text)
        made = np.full((len(ids), 3), (0, 0, -1))
        for i, (start, end) in enumerate(spans):
            if special[i]:
                continue
            if self._values["spans"] == "length":
                continues = len(self.tokenizer.id_to_token(ids[i])) != end - start
            else:
                continues = start > 0 and " " not in text[start - 1 : start + 1]
            made[i] = start, end, continues and ids[i] != unknown
        return made

    def _encoded(self, text: str) -> tuple[Sequence[int], Sequence[tuple[int, int]], Sequence[int]]:
        """The ids of the tokens of a text, their spans, and which of them are special tokens."""
        encoding = self.tokenizer.encode(text)
        return encoding.ids, encoding.offsets, encoding.special_tokens_mask

    @property
    def shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """One dimension: the number of tokens, which differs between texts."""
        return dict.fromkeys(("input_ids", "attention_mask", "token_type_ids"), (None,))


class FastTokenizer(TokenizerPreprocessing):
    """A fast tokenizer of `transformers`: texts are cut at `model_max_length`, and padded to the longest of a batch.

    Args:
        given: the tokenizer.
        most: a number of tokens at which texts are cut, if `model_max_length` is larger.
    """

    def __init__(self, given: Any, most: int | None = None) -> None:
        library = need("tokenizers", "tokenizers", "A tokenizer")
        backend = library.Tokenizer.from_str(given.backend_tokenizer.to_str())
        limits = [limit for limit in (getattr(given, "model_max_length", None), most) if isinstance(limit, int)]
        longest = min(limits, default=_ENDLESS + 1)
        backend.no_truncation()
        if longest <= _ENDLESS:
            backend.enable_truncation(longest, direction=getattr(given, "truncation_side", "right"))
        backend.no_padding()
        if getattr(given, "pad_token_id", None) is not None:
            backend.enable_padding(
                direction=getattr(given, "padding_side", "right"),
                pad_id=given.pad_token_id,
                pad_type_id=getattr(given, "pad_token_type_id", 0),
                pad_token=given.pad_token,
            )
        super().__init__(backend)
        self._given = given
        self._cut: dict[str, Any] = {"truncation": backend.truncation is not None}
        if most is not None and backend.truncation is not None:
            self._cut["max_length"] = longest

    def original(self, values: Sequence[Any]) -> Mapping[str, Sequence[npt.NDArray[Any]]]:
        """What calling the tokenizer returns for each text."""
        parts: dict[str, list[npt.NDArray[Any]]] = {}
        for value in values:
            encoding = self._given(
                "" if value is None else value,
                **self._cut,
                return_attention_mask=True,
                return_token_type_ids=True,
            )
            for name in self.shapes:
                parts.setdefault(name, []).append(np.array(encoding[name], np.int64))
        return parts

    def _encoded(self, text: str) -> tuple[Sequence[int], Sequence[tuple[int, int]], Sequence[int]]:
        """The same from calling the tokenizer."""
        encoding = self._given(text, **self._cut, return_offsets_mapping=True, return_special_tokens_mask=True)
        return encoding["input_ids"], encoding["offset_mapping"], encoding["special_tokens_mask"]


class OfTokenizers:
    """Recognises tokenizers by their class, and files and folders by their names."""

    def recognise(self, given: Any) -> TokenizerPreprocessing | None:
        """The preprocessing. Raises PackError E340, and E341 for a file that is not a tokenizer."""
        if isinstance(given, str | os.PathLike):
            return _from_file(Path(given))
        if type(given).__name__ == "Tokenizer" and type(given).__module__.split(".")[0] == "tokenizers":
            return TokenizerPreprocessing(given)
        if hasattr(given, "backend_tokenizer") and callable(given):
            return FastTokenizer(given)
        if type(given).__module__.split(".")[0] == "transformers" and hasattr(given, "encode"):
            raise PackError(
                "E341",
                f"The tokenizer, a {type(given).__name__}, is not a fast one, so it has no tokenizer.json.",
                where="preprocess",
                fix="Load it with AutoTokenizer.from_pretrained(…, use_fast=True).",
            )
        return None


def _from_file(path: Path) -> TokenizerPreprocessing | None:
    if path.is_dir():
        path = path / _FILE
    if path.suffix != ".json":
        return None
    library = need("tokenizers", "tokenizers", "A tokenizer")
    try:
        tokenizer = library.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain exceptions
        raise PackError(
            "E341",
            f"The file is not a tokenizer that the library tokenizers reads: {str(error)[:200].rstrip('.')}.",
            where=str(path),
            fix="Give the path of a tokenizer.json, or a folder with one.",
        ) from None
    return TokenizerPreprocessing(tokenizer)


RECOGNISER = OfTokenizers()
