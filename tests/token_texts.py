"""Random texts of every script, and tokenizers of every kind that are trained in a second, for the tokenizer stage."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

ROOT = Path(__file__).parents[1]

_BLOCKS = [
    (0x20, 0x7F), (0x20, 0x7F), (0xA0, 0x250), (0x2B0, 0x370), (0x370, 0x530), (0x590, 0x800), (0x900, 0xE80),
    (0xE80, 0x1100), (0x1100, 0x1200), (0x1200, 0x1AB0), (0x1AB0, 0x2000), (0x2000, 0x20D0), (0x20D0, 0x2C00),
    (0x2C00, 0x3000), (0x3000, 0x3400), (0x4E00, 0x9FFF), (0xA000, 0xAC00), (0xAC00, 0xD7FF), (0xF900, 0xFB50),
    (0xFB00, 0x10000), (0x10000, 0x11000), (0x11000, 0x12000), (0x16000, 0x17000), (0x1B000, 0x1D400),
    (0x1D100, 0x1D250), (0x1D400, 0x1D800), (0x1E000, 0x1F000), (0x1F000, 0x1FB00), (0x20000, 0x2A6E0),
    (0x2B700, 0x2F000), (0x2F800, 0x2FA20), (0x30000, 0x323B0), (0xE0000, 0xE0200), (0xF0000, 0xF0100),
    (0x10FF00, 0x110000), (0, 0x20), (0x7F, 0xA0), (0, 0x110000),
]  # fmt: skip
_SPACES = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2002\u2003\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
_MARKS = (
    "\u0300\u0301\u0308\u0316\u0323\u0327\u0328\u0334\u0345\u034f\u0591\u05b0\u064b\u0670\u093c\u094d\u09be\u0b57\u0e38"
    "\u0f71\u0f72\u0f74\u1161\u11a8\u302e\u3099\ufe0f\U0001d165\U0001d16d\u0338\u20d0"
)
_EMOJI = ["👩🏽‍🚀", "🏳️‍🌈", "🇩🇪🇫🇷", "👨‍👩‍👧‍👦", "☃", "1️⃣", "❤️", "🫠", "\U0001f9ff\u200d"]
_SEQUENCES = [
    "don't", "we'll", "I'VE", "'s", "ΑΣ", "ὈΔΥΣΣΕΎΣ", "İstanbul", "straße", "ﬁn", "１２３", "½", "Ⅷ", "ｶﾞ",
    "각", "각", "กำ",
    "क्षि", "שָׁלוֹם", "مُحَمَّد", "ǅ", "Å", "Å", "ﷺ", "㍿", "…", "--", "e.g.", "3.14", "10,000", "a_b",
    "<unk>", "<s>", "</s>",
    "[CLS]", "[MASK]", "[mask]", "[SEP]", "<|endoftext|>", "<pad>", "▁", "▁▁", "Ġ", "Ċ", "##ing", "</w>",
    "<0x41>", "\r\n", "\n\n",
    "  ", "   ", "tokenization", "unbelievable", "http://x.y/z?a=1&b=2", "中文", "日本語テスト", "한국어", "русский",
    "ελληνικά", "tiếng Việt", "𠮷野家", "\U0002b920",
]  # fmt: skip


def texts(seed: int) -> Iterator[str]:
    """Endless random texts, none with U+0000 or an unpaired surrogate."""
    rng = random.Random(seed)
    words = corpus()[0].split()
    while True:
        kind = rng.random()
        count = rng.choice([0, 1, 2, 3, 5, 8, 13, 30])
        if kind < 0.3:
            text = "".join(rng.choice(words) + rng.choice([" ", " ", "  ", "\n", ", ", "."]) for _ in range(count))
        elif kind < 0.35:
            text = rng.choice([rng.choice(words), "a", "é", "字", "👩🏽‍🚀", "x\u0301"]) * rng.choice(
                [10, 60, 99, 100, 101, 200]
            )
        else:
            text = "".join(_part(rng, words) for _ in range(count))
        yield text.replace("\0", "")


def _part(rng: random.Random, words: list[str]) -> str:
    choice = rng.random()
    if choice < 0.2:
        return rng.choice(_SPACES) * rng.choice([1, 1, 2, 3])
    if choice < 0.35:
        return "".join(rng.choice(_MARKS) for _ in range(rng.choice([1, 1, 2, 3, 5])))
    if choice < 0.45:
        return rng.choice(_EMOJI)
    if choice < 0.6:
        return rng.choice(_SEQUENCES)
    if choice < 0.7:
        return rng.choice(words)
    start, end = rng.choice(_BLOCKS)
    chars = (chr(rng.randrange(start, end)) for _ in range(rng.choice([1, 1, 2, 3, 6])))
    return "".join(char for char in chars if not "\ud800" <= char <= "\udfff")


@cache
def corpus() -> list[str]:
    """Text that the repository contains, and the sequences of `texts`."""
    pages = [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))[:8]]
    mixed = [*_SEQUENCES, *_EMOJI, "中文 日本語 한국어 русский ελληνικά العربية עברית ไทย हिन्दी"]
    return ["\n".join(pages), *mixed]


def _lines() -> list[str]:
    return [line for text in corpus() for line in text.splitlines()][:3000]


def _trained(tokenizer: Tokenizer, trainer: Any) -> Tokenizer:
    tokenizer.train_from_iterator(_lines(), trainer)
    return tokenizer


def _bert(*, lower: bool = True) -> Tokenizer:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=lower)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    _trained(made, trainers.WordPieceTrainer(vocab_size=900, special_tokens=special, show_progress=False))
    if lower:
        made.post_processor = processors.TemplateProcessing(
            single="[CLS]:1 $A:1 [SEP]:0", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        made.enable_truncation(24)
    else:
        made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        made.enable_truncation(40, direction="left")
    made.add_tokens([AddedToken("tokenization", single_word=True), AddedToken("<pad>", lstrip=True, normalized=False)])
    return made


def _gpt2() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    _trained(made, trainer)
    made.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=True
    )
    made.add_special_tokens([AddedToken("[MASK]", lstrip=True), AddedToken("<|endoftext|>", rstrip=True)])
    return made


LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _llama3() -> Tokenizer:
    made = Tokenizer(models.BPE(ignore_merges=True))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    _trained(made, trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, show_progress=False))
    made.add_special_tokens(["<|endoftext|>"])
    end = made.token_to_id("<|endoftext|>")
    made.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", end)]),
        ]
    )
    return made


def _llama2() -> Tokenizer:
    """BPE with byte fallback, with only a part of the characters in the vocabulary."""
    made = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=special, limit_alphabet=120, show_progress=False)
    made.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    _trained(made, trainer)
    made.pre_tokenizer = None
    made.add_special_tokens(["<s>"])
    return made


def _suffixed() -> Tokenizer:
    """BPE with a suffix at the end of words and unknown characters."""
    made = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", continuing_subword_prefix="##"))
    made.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase(), normalizers.Strip()])
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["<unk>"],
        limit_alphabet=60,
        end_of_word_suffix="</w>",
        continuing_subword_prefix="##",
        show_progress=False,
    )
    return _trained(made, trainer)


def _t5() -> Tokenizer:
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    trainer = trainers.UnigramTrainer(
        vocab_size=700, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    _trained(made, trainer)
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    made.enable_padding(pad_id=0, pad_token="<pad>", pad_to_multiple_of=8)
    return made


def _unigram_bytes() -> Tokenizer:
    """Unigram with byte fallback and equal scores, so that paths tie."""
    pieces = [
        "<unk>",
        "▁",
        "a",
        "b",
        "ab",
        "ba",
        "aba",
        "e",
        "t",
        "he",
        "the",
        "▁the",
        "▁t",
        "in",
        "ing",
        "é",
        "中",
        "文",
    ]
    scored = [("<unk>", 0.0), *((piece, -float(len(piece))) for piece in pieces[1:])]
    scored += [(f"<0x{byte:02X}>", -20.0) for byte in range(256)]
    made = Tokenizer(models.Unigram(scored, 0, True))
    made.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKD()])
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    return made


def _words() -> Tokenizer:
    made = Tokenizer(models.WordLevel(unk_token="<unk>"))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Replace("the", "THE")]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits(True)]
    )
    return _trained(made, trainers.WordLevelTrainer(vocab_size=900, special_tokens=["<unk>"], show_progress=False))


def _splits(behavior: str, *, invert: bool = False) -> Callable[[], Tokenizer]:
    def make() -> Tokenizer:
        made = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1}, unk_token="<unk>"))
        made.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(r"[\p{P}\p{S}]|\d+|\s(?=\w)"), behavior, invert=invert),
                pre_tokenizers.Digits(False),
                pre_tokenizers.CharDelimiterSplit("e"),
            ]
        )
        return made

    return make


BUILDERS: dict[str, Callable[[], Tokenizer]] = {
    "bert": _bert,
    "bert-cased": lambda: _bert(lower=False),
    "gpt2": _gpt2,
    "llama3": _llama3,
    "llama2": _llama2,
    "suffixed": _suffixed,
    "t5": _t5,
    "unigram-bytes": _unigram_bytes,
    "words": _words,
    "split-previous": _splits("merged_with_previous"),
    "split-next": _splits("merged_with_next", invert=True),
    "split-removed": _splits("removed"),
    "split-contiguous": _splits("contiguous"),
}


@cache
def built(kind: str) -> Tokenizer:
    """A tokenizer of this kind."""
    assert tokenizers.__version__
    return BUILDERS[kind]()
