"""Makes spec/vectors/text.json: what scikit-learn itself makes of hard texts.

Run it with `python tests/vectors/make_text.py` when the form of stages changes. The tables in the file are those of the
Python it is run with; another version of Unicode gives another file, which is as good.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

from sealift.contract import Field
from sealift.frameworks import apply
from sealift.graph import unicode_tables
from sealift.graph.context import ConversionContext
from sealift.graph.sparse import stages_needed
from sealift.graph.table import input_table
from sealift.stages.text.stage import TextStage

OUT = Path(__file__).parents[2] / "spec" / "vectors" / "text.json"

TEXTS = (
    *(
        "",
        " ",
        "  \t ",
        "a",
        "ab",
        "I",
        "Hello, World!",
        "don't stop-me_now",
        "x_1 __ _",
        "a b c d",
        "The cat and the dog",
    ),
    *(
        "caf\u00e9",
        "cafe\u0301",
        "CAF\u00c9 na\u00efve r\u00e9sum\u00e9",
        "e\u0301\u0327\u0323 combining",
        "\u0301start",
        "a\u0300\u0301\u0302b",
    ),
    *(
        "stra\u00dfe STRASSE \u1e9e gro\u1e9e",
        "\u0130stanbul \u0131\u0130 I\u0307",
        "\u039f\u0394\u039f\u03a3 \u03a3\u0391\u03a3 \u03a3",
        "\u03a3'\u03a3 a\u03a3\u0301 a\u03a3b",
    ),
    *(
        "a\u00ad\u03a3 \u03a3. A.\u03a3",
        "\u0391\u03a3\u0345\u0391 \u02b0\u03a3",
        "\ufb01ne \ufb03 o\ufb03ce \ufb05",
        "\u01c4ungla \u01c5 \u01c6",
        "\u017fong \u212a \u2126 \u212b",
        "\u00bd \u00b2 x\u00b2 \u2460",
    ),
    *(
        "\U0001f600 smile \U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f1e9\U0001f1ea",
        "\u2764\ufe0f heart",
        "\U00010400\U00010428 \U0001d400\U0001d7d8 \U00020000\U0002f800",
    ),
    *(
        "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0 \u3067\u3059\u3002",
        "\u304c\u304e \u30ac \uff76\uff9e \uff21\uff22\uff23",
        "\ud55c\uad6d\uc5b4 \uac00\uac01 \ud7a3",
        "\u1100\u1161\u11a8",
    ),
    *(
        "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0e17\u0e35\u0e48",
        "\u0661\u0662\u0663 \u06f4\u06f5 12\u0663 \u096b",
        "\u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651\u0629 \ufefb \ufdfa",
        "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
    ),
    *(
        "\u0928\u092e\u0938\u094d\u0924\u0947 \u0915\u094d\u0937",
        "\u041f\u0440\u0438\u0432\u0435\u0442 \u0401\u0439 \u0406\u0407",
        "Ti\u1ebfng Vi\u1ec7t \u0110\u1eb6C BI\u1ec6T",
        "\u10a0\u10d0\u1c90 \u13a0\uab70",
    ),
    *(
        "l'\u00e9t\u00e9 aujourd\u2019hui",
        "e-mail: a.b@c.de, 3.14 1,000",
        "line\nbreak\r\nand\ttab",
        "no\u00a0break\u2003em\u3000wide\u200bzero",
        "\x1c\x1d\x1e\x1f \x85 \u2028\u2029",
    ),
    *(
        "a  b   c",
        " lead and trail ",
        "\n\n",
        "MiXeD CaSe WORDS words",
        "new york new york city",
        "aaa aa a aaaa",
        "!!! ??? ...",
        "\ufeffbom \ufffd",
    ),
    *("word " * 40, "x" * 300, "\u00e9\u03a3" * 20, "ab cd " * 20),
)

SHORT = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d+(?:[.,]\d+)*"
VECTORIZERS: dict[str, Any] = {
    "default": CountVectorizer(),
    "unigrams to trigrams": CountVectorizer(ngram_range=(1, 3), max_features=300),
    "bigrams alone": CountVectorizer(ngram_range=(2, 2), stop_words=["the", "and", "a"], token_pattern=r"\w+"),
    "accents unicode": CountVectorizer(
        strip_accents="unicode", stop_words="english", ngram_range=(1, 2), max_features=300
    ),
    "accents ascii": CountVectorizer(strip_accents="ascii"),
    "case kept": CountVectorizer(lowercase=False, token_pattern=r"(?u)\b\w+\b"),
    "not blank": CountVectorizer(token_pattern=r"\S+"),
    "words, numbers and marks": CountVectorizer(token_pattern=SHORT + r"|[!?.]"),
    "ascii words": CountVectorizer(token_pattern=r"(?a)\b[a-z]\w{1,9}\b"),
    "some case ignored": CountVectorizer(lowercase=False, token_pattern=r"(?i)[a-z\u017f\u00df]+"),
    "a group": CountVectorizer(token_pattern=r"(\w+)\W"),
    "lazy": CountVectorizer(token_pattern=r"\w+?(?:o|e|\b)(?!x)"),
    "char": CountVectorizer(analyzer="char", ngram_range=(1, 3), max_features=300),
    "char, case kept": CountVectorizer(analyzer="char", ngram_range=(2, 5), max_features=300, lowercase=False),
    "char_wb": CountVectorizer(analyzer="char_wb", ngram_range=(1, 4), max_features=300),
    "char_wb, accents": CountVectorizer(
        analyzer="char_wb", ngram_range=(3, 3), max_features=300, strip_accents="ascii"
    ),
    "hashed": HashingVectorizer(n_features=2**18, norm=None),
    "hashed, no signs": HashingVectorizer(n_features=1000, norm=None, alternate_sign=False, ngram_range=(1, 2)),
    "hashed, narrow": HashingVectorizer(n_features=7, norm=None, analyzer="char_wb", ngram_range=(2, 3)),
    "whole": FeatureHasher(n_features=2**18),
    "whole, no signs": FeatureHasher(n_features=11, alternate_sign=False),
}
NUMBERS = (
    *("1", "-2.5", " 3 ", "\t4\n", "\v5\f", "+6", "7.", ".8", "1e3", "1E-3", "1e+5", "00012", "-0", "1,5", "1_0"),
    *("0x1A", "\uff11", "\u00a01", "", " ", "x", "1x", "1 2", "--1", "+", "-", ".", "e5", "1e", "1e+", "inf", "-inf"),
    *("+Infinity", "INF", "infinit", "nan", "NaN", "NA", "None", "True", "1e400", "-1e400", "1e-400", "0.1"),
    *("0.30000000000000004", "9007199254740993", "123456789012345678901234567890", "2.2250738585072011e-308", "5e-324"),
    *("18446744073709551615", "18446744073709551616", "-9223372036854775809", "9" * 400, "-" + "9" * 400),
    *("9" * 400 + ".", "0" * 4300, "0" * 4301, "+" + "0" * 4300, "0" * 4301 + ".", " 1\n", "1\x1f", "\u0663", "null"),
)
TIMES = (
    *("01.03.2024", "1.3.2024", " 01.03.2024", "01.03.24", "30.02.2024", "29.02.2024", "01-03-2024", "01.03.0001"),
    *(
        "31.12.9999",
        "01.03.2024x",
        "\u0660\u0661.03.2024",
        "NaT",
        "nat",
        "NAT",
        "NAN",
        "Nat",
        " NaT",
        "20240301",
        "2024111",
        "20241301",
        "2024-03-01",
    ),
    *("03/01/2024 12:30", "3/1/2024 9:05", "03/01/2024 24:00", "03/01/2024", "2024-03-01T12:30:59"),
    *("2024-03-01T12:30:60", "2024-12-31T23:59:61", "2024-03-01T12:30:62", "2024-03-01T12:60:00"),
)
WHITE = {"strip": {"space": unicode_tables.space(), "left": True, "right": True}}
# Edits with the Python function that they repeat; the stage reads the whole text, or its characters.
EDITED: dict[str, tuple[list[dict[str, Any]], Callable[[str], str]]] = {
    "lower case": ([{"lower": unicode_tables.lower()}], str.lower),
    "upper case": ([{"map": unicode_tables.upper()}], str.upper),
    "stripped": ([WHITE], str.strip),
    "stripped on the left of some": (
        [{"strip": {"space": unicode_tables.encoded(map(ord, "aMe \u00e9\U0001f600")), "left": True, "right": False}}],
        lambda text: text.lstrip("aMe \u00e9\U0001f600"),
    ),
    "stripped on the right": (
        [{"strip": {"space": unicode_tables.space(), "left": False, "right": True}}],
        str.rstrip,
    ),
    "replaced": ([{"replace": ["a", "bb"]}], lambda text: text.replace("a", "bb")),
    "replaced by nothing": ([{"replace": ["aa", ""]}], lambda text: text.replace("aa", "")),
    "replaced beyond the BMP": (
        [{"replace": ["\U0001f600", "smile"]}, {"replace": ["smile", "\U0001f468"]}],
        lambda text: text.replace("\U0001f600", "smile").replace("smile", "\U0001f468"),
    ),
    "several": (
        [WHITE, {"lower": unicode_tables.lower()}, {"replace": [" ", "_"]}],
        lambda text: text.strip().lower().replace(" ", "_"),
    ),
}
KEY = "caf\u00e9=1 "


def _case(name: str, model: Any, text: str) -> dict[str, Any]:
    dicts = isinstance(model, FeatureHasher)
    row = model.transform([{KEY: text} if dicts else text]).sorted_indices()
    case: dict[str, Any] = {"stage": name, "text": text}
    terms = [f"{KEY}={text}"] if dicts else sorted(model.build_analyzer()(text))
    if len(terms) <= 200:
        case["terms"] = terms
    return case | {"columns": [[int(i), int(n)] for i, n in zip(row.indices, row.data, strict=True)]}


def _edited() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Stages with edits, and what Python makes of the texts: the whole text, and the number of its characters."""
    stages: dict[str, Any] = {}
    cases: list[dict[str, Any]] = []
    for name, (edits, change) in EDITED.items():
        after = list(dict.fromkeys(change(text) for text in TEXTS))
        known = {text: place for place, text in enumerate(after[::2])}
        stages[f"edits: {name}"] = {"edits": edits, "analyzer": "whole", "ngrams": [1, 1], "vocabulary": list(known)}
        stages[f"edits, counted: {name}"] = {
            "edits": edits, "analyzer": "char", "space": [], "ngrams": [1, 1], "hash": {"columns": 1, "signs": False},
        }  # fmt: skip
        for text in TEXTS:
            changed = change(text)
            columns = [[known[changed], 1]] if changed in known else []
            cases.append({"stage": f"edits: {name}", "text": text, "terms": [changed], "columns": columns})
            counted = [[0, len(changed)]] if changed else []
            cases.append({"stage": f"edits, counted: {name}", "text": text, "columns": counted})
    return stages, cases


def _values() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Stages of numbers and times, and what pandas makes of the texts."""
    stages: dict[str, Any] = {}
    cases: list[dict[str, Any]] = []
    one = {"ngrams": [1, 1]}
    readers: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {
        "number": ({"analyzer": "number", **one}, lambda texts: pd.to_numeric(texts, errors="coerce")),
        "number, edited": (
            {"analyzer": "number", **one, "edits": [{"replace": [",", "."]}]},
            lambda texts: pd.to_numeric(texts.str.replace(",", ".", regex=False), errors="coerce"),
        ),
    }
    for given in ("%d.%m.%Y", "%Y%m%d", "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S"):
        spec = {"analyzer": "time", **one, "format": given}
        readers[f"time {given}"] = spec, partial(pd.to_datetime, format=given, errors="coerce")
    for name, (spec, asked) in readers.items():
        stages[name] = spec
        texts = [*NUMBERS, *TIMES]
        for text, value in zip(texts, asked(pd.Series(texts, dtype=object)), strict=True):
            known = value.as_unit("us").asm8.view("i8") if isinstance(value, pd.Timestamp) else value
            number: Any = None if pd.isna(value) else float(known)
            if number is not None and math.isinf(number):
                number = "Infinity" if number > 0 else "-Infinity"
            cases.append({"stage": name, "text": text, "columns": [] if number is None else [[0, number]]})
    return stages, cases


def _narrow(texts: Any) -> Any:
    """What pandas reads as a number that NumPy computes with."""
    numbers = pd.to_numeric(texts)
    if numbers.dtype == object:
        raise OverflowError
    return numbers


def _refusing() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Stages that refuse texts, and whether pandas raises for each of them."""
    stages: dict[str, Any] = {}
    cases: list[dict[str, Any]] = []
    one = {"ngrams": [1, 1], "unreadable": "refused"}
    readers: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {
        "number, refusing": ({"analyzer": "number", **one, "missing": [""]}, pd.to_numeric),
        "number, edited, refusing": (
            {"analyzer": "number", **one, "missing": [""], "edits": [WHITE]},
            lambda texts: pd.to_numeric(texts.str.strip()),
        ),
        "number, wide refused": ({"analyzer": "number", **one, "missing": [""], "wide": "refused"}, _narrow),
    }
    for given in ("%d.%m.%Y", "%Y%m%d", "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S"):
        missing = ["", "NaT", "nat", "NAT", "nan", "NaN", "NAN"]
        spec = {"analyzer": "time", **one, "format": given, "missing": missing}
        readers[f"time {given}, refusing"] = spec, partial(pd.to_datetime, format=given)
    for name, (spec, asked) in readers.items():
        stages[name] = spec
        for text in [*NUMBERS, *TIMES]:
            refused = False
            try:
                value = asked(pd.Series([text], dtype=object))[0]
                if value == 0:  # beside a fraction "-0" is a float
                    value = asked(pd.Series([text, "0.5"], dtype=object))[0]
                known = value.as_unit("us").asm8.view("i8") if isinstance(value, pd.Timestamp) else value
                # A whole number beyond 64 bits stays one, and models convert it.
                number: Any = None if pd.isna(value) else float(known)
            except (ValueError, OverflowError):
                number, refused = None, True
            if number is not None and math.isinf(number):
                number = "Infinity" if number > 0 else "-Infinity"
            columns = [] if number is None else [[0, number]]
            cases.append({"stage": name, "text": text, "columns": columns, "refused": refused})
    stages["number, infinite refused"] = {"analyzer": "number", "ngrams": [1, 1], "infinite": "refused"}
    for text in NUMBERS:
        value = float(pd.to_numeric(pd.Series([text, "0.5"], dtype=object), errors="coerce")[0])
        infinite = math.isinf(value)
        number = ("Infinity" if value > 0 else "-Infinity") if infinite else value
        columns = [] if math.isnan(value) else [[0, number]]
        cases.append({"stage": "number, infinite refused", "text": text, "columns": columns, "refused": infinite})
    return stages, cases


def _malformed(stages: dict[str, Any]) -> dict[str, Any]:
    lower = stages["char"]["lower"]
    good, chars = (
        {key: value for key, value in stages[name].items() if key != "lower"} | {"vocabulary": ["a", "b"]}
        for name in ("not blank", "char")
    )
    pattern = good["pattern"]
    without = {key: value for key, value in good.items() if key != "pattern"}
    both = {"hash": {"columns": 4, "signs": True}}
    whole = {"analyzer": "whole", "ngrams": [1, 1], "vocabulary": ["a", "b"]}
    unreadable = {"ngrams": [1, 1], "unreadable": "refused"}
    strict = {"analyzer": "number", **unreadable}
    return {
        "an unknown key": good | {"tokenizer": "x"},
        "no analyzer": {key: value for key, value in good.items() if key != "analyzer"},
        "an unknown analyzer": good | {"analyzer": "line"},
        "words without a pattern": without,
        "words with white space": good | {"space": [32, 1]},
        "characters with a pattern": chars | {"pattern": pattern},
        "characters with stop words": chars | {"stop_words": ["a"]},
        "n-grams backwards": good | {"ngrams": [2, 1]},
        "n-grams of nothing": good | {"ngrams": [0, 1]},
        "n-grams too long": good | {"ngrams": [1, 65]},
        "three n-grams": good | {"ngrams": [1, 2, 3]},
        "n-grams of halves": good | {"ngrams": [1, 1.5]},
        "vocabulary and hash": good | both,
        "neither vocabulary nor hash": {key: value for key, value in good.items() if key != "vocabulary"},
        "an empty vocabulary": good | {"vocabulary": []},
        "a term twice": good | {"vocabulary": ["a", "b", "a"]},
        "a number as term": good | {"vocabulary": ["a", 1]},
        "signs as a number": {k: v for k, v in good.items() if k != "vocabulary"}
        | {"hash": {"columns": 4, "signs": 1}},
        "no columns": {k: v for k, v in good.items() if k != "vocabulary"} | {"hash": {"columns": 0, "signs": True}},
        "hash with 2**20 + 1": {k: v for k, v in good.items() if k != "vocabulary"}
        | {"hash": {"columns": 2**20 + 1, "signs": True}},
        "an odd set": chars | {"space": [9, 5, 1]},
        "a set with an empty range": chars | {"space": [9, 0]},
        "a set that touches itself": chars | {"space": [9, 5, 0, 1]},
        "a set beyond Unicode": chars | {"space": [0x10FFFF, 2]},
        "a set of texts": chars | {"space": ["9", "5"]},
        "a set with true": chars | {"space": [9, True]},
        "overlapping classes": good
        | {"pattern": pattern | {"classes": [[65, 5], [69, 2]], "starts": [0] * 4, "next": [[0, 0, 0, 0]]}},
        "a state that is not there": good | {"pattern": pattern | {"next": [[0, 99, 0]] * len(pattern["next"])}},
        "a negative entry": good | {"pattern": pattern | {"next": [[0, -1, 0]] * len(pattern["next"])}},
        "a state too narrow": good | {"pattern": pattern | {"next": [[0, 0]] * len(pattern["next"])}},
        "going on behind the end": good | {"pattern": pattern | {"next": [[0, 0, 2]] * len(pattern["next"])}},
        "no states": good | {"pattern": pattern | {"next": []}},
        "too many states": good | {"pattern": pattern | {"next": [[0, 0, 0]] * 1025}},
        "starts elsewhere": good | {"pattern": pattern | {"starts": [0, 0, len(pattern["next"])]}},
        "too few starts": good | {"pattern": pattern | {"starts": [0, 0]}},
        "a cut of one": good | {"pattern": pattern | {"cut": [1]}},
        "a cut that is null": good | {"pattern": pattern | {"cut": None}},
        "a deep cut": good | {"pattern": pattern | {"cut": [65, 0]}},
        "a pattern's unknown key": good | {"pattern": pattern | {"flags": 2}},
        "lower without cased": good | {"lower": {"map": lower["map"], "ignorable": []}},
        "a map that neither keeps nor drops": good | {"accents": {"rest": "lose"}},
        "a map's unknown key": good | {"accents": {"rest": "keep", "norm": "NFKD"}},
        "a shift out of Unicode": good | {"accents": {"rest": "keep", "shifts": [65, 1, 1, 0x10FFFF]}},
        "a shift below zero": good | {"accents": {"rest": "keep", "shifts": [65, 1, 1, -66]}},
        "a shift to a surrogate": good | {"accents": {"rest": "keep", "shifts": [65, 1, 1, 0xD800 - 65]}},
        "a shift of nothing": good | {"accents": {"rest": "keep", "shifts": [65, 0, 1, 1]}},
        "a shift on the spot": good | {"accents": {"rest": "keep", "shifts": [65, 3, 0, 1]}},
        "half a shift": good | {"accents": {"rest": "keep", "shifts": [65, 1]}},
        "huge shifts": good | {"accents": {"rest": "keep", "shifts": [0, 65536, 1, 70000] * 2}},
        "overlapping shifts": good | {"accents": {"rest": "keep", "shifts": [65, 30000, 1, 1] * 3}},
        "shifts that are null": good | {"accents": {"rest": "keep", "shifts": None}},
        "dropped characters that are null": good | {"accents": {"rest": "keep", "dropped": None}},
        "mapped texts that are null": good | {"accents": {"rest": "keep", "texts": None}},
        "hangul that is null": good | {"accents": {"rest": "keep", "hangul": None}},
        "two characters mapped": good | {"accents": {"rest": "keep", "texts": {"ab": "c"}}},
        "no character mapped": good | {"accents": {"rest": "keep", "texts": {"": "c"}}},
        "a number as image": good | {"accents": {"rest": "keep", "texts": {"a": 1}}},
        "a long image": good | {"accents": {"rest": "keep", "texts": {"a": "b" * 33}}},
        "too much dropped": good | {"accents": {"rest": "keep", "dropped": [0, 65537]}},
        "hangul as a number": good | {"accents": {"rest": "keep", "hangul": 1}},
        "a prefix of words": good | {"prefix": "a"},
        "a prefix of characters": chars | {"prefix": "a"},
        "a prefix that is a number": whole | {"prefix": 1},
        "a prefix that is null": whole | {"prefix": None},
        "a long prefix": whole | {"prefix": "a" * 1025},
        "half a pair as prefix": whole | {"prefix": "\ud800"},
        "n-grams of whole texts": whole | {"ngrams": [1, 2]},
        "whole texts with a pattern": whole | {"pattern": pattern},
        "whole texts with white space": whole | {"space": [32, 1]},
        "whole texts with stop words": whole | {"stop_words": ["a"]},
        "stop words that are null": good | {"stop_words": None},
        "a number with a vocabulary": whole | {"analyzer": "number"},
        "a number with n-grams": {"analyzer": "number", "ngrams": [1, 2]},
        "a number with a format": {"analyzer": "number", "ngrams": [1, 1], "format": "%Y-%m-%d"},
        "a number with a prefix": {"analyzer": "number", "ngrams": [1, 1], "prefix": "a"},
        "a time without a format": {"analyzer": "time", "ngrams": [1, 1]},
        "a time with a malformed format": {"analyzer": "time", "ngrams": [1, 1], "format": "%Y-%m"},
        "a format that is null": {"analyzer": "time", "ngrams": [1, 1], "format": None},
        "a format of whole texts": whole | {"format": "%Y-%m-%d"},
        "unreadable texts allowed": {"analyzer": "number", "ngrams": [1, 1], "unreadable": "allowed"},
        "unreadable texts that are null": {"analyzer": "number", "ngrams": [1, 1], "unreadable": None},
        "unreadable texts that are missing": {"analyzer": "number", "ngrams": [1, 1], "unreadable": "missing"},
        "unreadable whole texts": whole | {"unreadable": "refused"},
        "missing texts beside none refused": {"analyzer": "number", "ngrams": [1, 1], "missing": [""]},
        "a missing text that is no list": strict | {"missing": ""},
        "a missing text that is a number": strict | {"missing": [0]},
        "a missing text of 33 characters": strict | {"missing": ["a" * 33]},
        "half a pair as missing text": strict | {"missing": ["\ud800"]},
        "65 missing texts": strict | {"missing": [str(number) for number in range(65)]},
        "wide numbers allowed": strict | {"wide": "allowed"},
        "wide numbers where nothing is refused": {"analyzer": "number", "ngrams": [1, 1], "wide": "refused"},
        "wide times": {"analyzer": "time", "format": "%Y-%m-%d", **unreadable, "wide": "refused"},
        "infinite numbers allowed": {"analyzer": "number", "ngrams": [1, 1], "infinite": "allowed"},
        "infinite times": {"analyzer": "time", "ngrams": [1, 1], "format": "%Y-%m-%d", "infinite": "refused"},
        "infinite whole texts": whole | {"infinite": "refused"},
        "no edits": whole | {"edits": []},
        "17 edits": whole | {"edits": [{"replace": ["a", "b"]}] * 17},
        "an edit of two kinds": whole | {"edits": [{"replace": ["a", "b"], "map": {"rest": "keep"}}]},
        "an edit of no kind": whole | {"edits": [{}]},
        "an unknown edit": whole | {"edits": [{"title": True}]},
        "an edit that is a list": whole | {"edits": [[]]},
        "nothing replaced": whole | {"edits": [{"replace": ["", "b"]}]},
        "replaced by three": whole | {"edits": [{"replace": ["a", "b", "c"]}]},
        "replaced by a number": whole | {"edits": [{"replace": ["a", 1]}]},
        "replaced by 1025 characters": whole | {"edits": [{"replace": ["a", "b" * 1025]}]},
        "half a pair replaced": whole | {"edits": [{"replace": ["\ud800", "b"]}]},
        "stripped of nothing": whole | {"edits": [{"strip": {"space": [], "left": True, "right": True}}]},
        "stripped at no end": whole | {"edits": [{"strip": {"space": [32, 1], "left": False, "right": False}}]},
        "stripped at an end 1": whole | {"edits": [{"strip": {"space": [32, 1], "left": 1, "right": True}}]},
        "stripped of 2**16 + 1": whole | {"edits": [{"strip": {"space": [0, 65537], "left": True, "right": True}}]},
        "a list": [],
        "null": None,
    }


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    stages: dict[str, Any] = {}
    cases = []
    for name, model in VECTORIZERS.items():
        model.fit(TEXTS)
        context = ConversionContext()
        named = KEY if isinstance(model, FeatureHasher) else "text"
        features = apply(model, input_table(context, [Field(name=named, dtype="string")], {})).features
        assert features is not None
        stages[name] = stages_needed(context.graph, [features.numbers()])[0].spec
        cases += [_case(name, model, text) for text in TEXTS]
    for more, of_them in (_edited(), _values(), _refusing()):
        stages |= more
        cases += of_them
    malformed = {name: {"stage": spec, "message": _message(spec)} for name, spec in _malformed(stages).items()}
    groups = {"stages": _lines(stages), "malformed": _lines(malformed)}
    body = ",\n".join(f'"{key}":{{\n{lines}}}' for key, lines in groups.items())
    listed = ",\n".join(_dumps(case) for case in cases)
    OUT.write_text(f'{{{body},\n"cases":[\n{listed}]}}\n', "utf-8")


def _message(spec: object) -> str:
    """The message of the Python reader about a malformed stage; that of the page must be the same."""
    try:
        TextStage(spec)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"not malformed: {spec!r:.200}")


def _lines(entries: dict[str, Any]) -> str:
    return ",\n".join(f"{_dumps(key)}:{_dumps(value)}" for key, value in entries.items())


def _dumps(value: object) -> str:
    # Half of a surrogate pair can only be escaped.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("\ud800", "\\ud800")


if __name__ == "__main__":
    main()
