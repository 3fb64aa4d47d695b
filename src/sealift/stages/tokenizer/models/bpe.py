"""BPE: merge neighbouring tokens, the merge of the lowest rank first (spec/TOKENIZER.md §5)."""

from __future__ import annotations

import heapq
from functools import lru_cache

from sealift.stages import read
from sealift.stages.tokenizer.models.vocabulary import LONGEST_TOKEN, MOST_TOKENS, TokenSpan, Vocabulary, byte_ids

_OPTIONAL = {"unknown", "bytes", "prefix", "suffix"}


class Bpe:
    """Begins with the characters of a piece, and merges pairs."""

    def __init__(self, raw: object, vocabulary: Vocabulary) -> None:
        """Read the merges and the parameters. Raises ValueError."""
        spec = read.keys(raw, {"merges", "fuse", "whole"}, _OPTIONAL)
        self._vocabulary = vocabulary
        flat = read.items(spec["merges"], int, 3 * MOST_TOKENS)
        if len(flat) % 3 or not vocabulary.places.keys() >= set(flat):
            raise ValueError("a merge must have the ids of three tokens")
        merges = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        self._merges = {(left, right): (rank, new) for rank, (left, right, new) in enumerate(merges)}
        if 3 * len(self._merges) != len(flat):
            raise ValueError("the pairs of merges must be different")
        self._unknown = vocabulary.known(spec["unknown"]) if "unknown" in spec else None
        self._bytes = byte_ids(spec["bytes"], vocabulary) if "bytes" in spec else None
        self._prefix = read.text(spec["prefix"], LONGEST_TOKEN) if "prefix" in spec else ""
        self._suffix = read.text(spec["suffix"], LONGEST_TOKEN) if "suffix" in spec else ""
        if self._bytes is not None and (self._prefix or self._suffix):
            raise ValueError("a model with bytes must not have prefix or suffix")
        self._fuse, self._whole = read.flag(spec["fuse"], "fuse"), read.flag(spec["whole"], "whole")
        self._cached = lru_cache(1 << 16)(self._divided)

    def __call__(self, word: str) -> list[TokenSpan]:
        """The tokens of a piece."""
        return self._cached(word) if len(word) <= 64 else self._divided(word)

    def _divided(self, word: str) -> list[TokenSpan]:
        if self._whole and word in self._vocabulary:
            return [(self._vocabulary[word], 0, len(word))]
        ids, sizes = self._symbols(word)
        self._merge(ids, sizes)
        # The sizes count bytes, and a token may be part of a character.
        at = [i for i, char in enumerate(word) for _ in range(_size(char))]
        tokens: list[TokenSpan] = []
        begin = 0
        for token, size in zip(ids, sizes, strict=True):
            if size:
                tokens.append((token, at[begin], at[begin + size - 1] + 1))
                begin += size
        return tokens

    def _symbols(self, word: str) -> tuple[list[int], list[int]]:
        """The ids of the characters, and the numbers of their bytes."""
        ids: list[int] = []
        sizes: list[int] = []
        waiting = 0  # the bytes of unknown characters that are not in the lists yet
        last = len(word) - 1
        for i, char in enumerate(word):
            spelled = (self._prefix if i else "") + char + (self._suffix if i == last else "")
            token = self._vocabulary.get(spelled)
            if token is not None:
                if waiting and self._unknown is not None:
                    ids.append(self._unknown)
                    sizes.append(waiting)
                    waiting = 0
                ids.append(token)
                sizes.append(_size(char))
                continue
            if self._bytes is not None:
                coded = [self._bytes[byte] for byte in spelled.encode()]
                if None not in coded:
                    ids += coded  # type: ignore[arg-type]  # none is None
                    sizes += [1] * len(coded)
                    continue
            if self._unknown is not None:
                if waiting and not self._fuse:
                    ids.append(self._unknown)
                    sizes.append(waiting)
                    waiting = 0
                waiting += _size(char)
        if waiting and self._unknown is not None:
            ids.append(self._unknown)
            sizes.append(waiting)
        return ids, sizes

    def _merge(self, ids: list[int], sizes: list[int]) -> None:
        """Merge in place; the size of a symbol that was merged into the one before it becomes 0."""
        merges = self._merges
        count = len(ids)
        before, after = list(range(-1, count - 1)), list(range(1, count + 1))
        queue: list[tuple[int, int, int]] = []
        for i in range(count - 1):
            if merge := merges.get((ids[i], ids[i + 1])):
                queue.append((merge[0], i, merge[1]))
        heapq.heapify(queue)
        while queue:
            _, at, new = heapq.heappop(queue)
            right = after[at]
            if not sizes[at] or right >= count:
                continue
            merge = merges.get((ids[at], ids[right]))
            if merge is None or merge[1] != new:
                continue  # the symbols have changed since
            ids[at] = new
            sizes[at] += sizes[right]
            sizes[right] = 0
            after[at] = after[right]
            if after[right] < count:
                before[after[right]] = at
            for left, other in ((before[at], at), (at, after[at])):
                if left >= 0 and other < count and (merge := merges.get((ids[left], ids[other]))):
                    heapq.heappush(queue, (merge[0], left, merge[1]))


def _size(char: str) -> int:
    """The number of bytes in UTF-8."""
    point = ord(char)
    return 1 if point < 0x80 else 2 if point < 0x800 else 3 if point < 0x10000 else 4
