"""What docs/errors.md says of each code. The wheel holds a copy of that page as `sealift/errors.md`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sealift.errors import CODES, InternalError

_HERE = Path(__file__).parent
_PLACES = (_HERE / "errors.md", _HERE.parents[1] / "docs" / "errors.md")  # an installed wheel, a clone
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
        InternalError: E901 when the page was not installed.
    """
    return _explanations()[code]


@cache
def _explanations() -> dict[str, Explanation]:
    page = next((place for place in _PLACES if place.is_file()), None)
    if page is None:
        raise InternalError(
            "E901", "The explanations of errors were not installed.", where=str(_PLACES[0]), fix="Reinstall sealift."
        )
    sections = re.split(r"^## (?=[ER]\d{3} )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        head, _, body = section.partition("\n")
        code, _, title = head.partition(" ")
        parts = dict(re.findall(r"^\*\*([\w ]+)\.\*\* (.*(?:\n(?!\*\*).+)*)", body, flags=re.MULTILINE))
        texts = {key: " ".join(parts.get(name, "").split()) for name, key in _PARTS.items()}
        found[code] = Explanation(code, CODES.get(code, title), **texts)
    return found
