"""Strings that tokenizers treat differently: every script, rare white space, marks, symbols, empty, very long."""

from __future__ import annotations

from collections.abc import Sequence

STRANGE: Sequence[str] = (
    "", " ", "  \t\n ", "a", "A", ".", "...", "\xa0", "\u3000\u2003x\u200b\ufeffy\u2028z\x85\x1c",
    "don't we'll I'VE O'Neil's", "3.14 10,000 \uff11\uff12\uff13 \xbd \u2167 1e-5", "a_b-c/d\\e@f.g #h $5 %",
    "\xc0\xc9\xce na\xefve Stra\xdfe \ufb01n \u0130\u0131 \u0141", "e\u0301 e\u0323\u0301 e\u0301\u0323 \u1eb7\u0328",
    "\u0391\u03a3 \u1f48\u0394\u03a5\u03a3\u03a3\u0395\u038e\u03a3",
    "\u0440\u0443\u0441\u0441\u043a\u0438\u0439 \u0457\u0439", "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",
    "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", "\u0915\u094d\u0937\u093f \u09be\u0f71\u0f72",
    "\u0e01\u0e33\u0e17\u0e35\u0e48", "\u4e2d\u6587\u3002\u65e5\u672c\u8a9e \uff76\uff9e \U00020bb7\U0002b920",
    "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
    "\U0001f469\U0001f3fd\u200d\U0001f680\U0001f3f3\ufe0f\u200d\U0001f308\U0001f1e9\U0001f1ea 1\ufe0f\u20e3",
    "\U0001d400\U00012000\U00010330", "\ue000\uf8ff\U000f0000 \u0378\ufffd\ufffe",
    "[CLS] [MASK] </s> <unk> <pad> \u2581 \u0120 ##a", "x" * 99, "x" * 101, "\u5b57" * 300, "word " * 700,
    "e\u0301" * 200, "\U0001f600" * 150, "ab\n\n\ncd\r\n",
)  # fmt: skip
