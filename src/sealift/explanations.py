"""What docs/errors.md says of each code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sealift import manual
from sealift.errors import CODES

_PARTS = {"Meaning": "meaning", "Causes": "causes", "What to do": "what_to_do"}


@dataclass(frozen=True)
class Explanation:
    """One section of docs/errors.md, in Markdown.

    Attributes:
        code: the code.
        title: the code's one-line meaning, as in `errors.CODES`.
        meaning: what it means.
        causes: its usual causes.
        what_to_do: the remedy.
    """

    code: str
    title: str
    meaning: str
    causes: str
    what_to_do: str


def explain(code: str) -> Explanation:
    """The explanation of a code.

    Raises:
        KeyError: there is no such code.
        InternalError: E901 when the documentation was not installed.
    """
    return _explanations()[code]


@cache
def _explanations() -> dict[str, Explanation]:
    sections = re.split(r"^## (?=[ER]\d{3} )", manual.read("errors"), flags=re.MULTILINE)[1:]
    explanations = {}
    for section in sections:
        head, _, body = section.partition("\n")
        code, _, title = head.partition(" ")
        parts = dict(re.findall(r"^\*\*([\w ]+)\.\*\* (.*(?:\n(?!\*\*).+)*)", body, flags=re.MULTILINE))
        texts = {key: " ".join(parts.get(name, "").split()) for name, key in _PARTS.items()}
        explanations[code] = Explanation(code, CODES.get(code, title), **texts)
    return explanations
