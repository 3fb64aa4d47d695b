"""The text of a Word document (DOCX, ECMA-376 part 1; spec/DOCUMENTS.md §3). Macros and links are not looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast
from xml.parsers import expat

from sealift.batch.documents.archive import DocumentArchive
from sealift.batch.documents.refusal import DocumentError, broken, unknown

_MOST_DEPTH = 256
_MARKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
"""What a run has in place of a text."""

# Deleted and moved text, the alternative of a drawing for old programs, and properties.
_SKIPPED = frozenset(
    {"del", "moveFrom", "Fallback", "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sdtPr", "sectPr"}
)


class _Element:
    """An element: its local name, its attributes by local name, and its elements and texts."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.children: list[_Element | str] = []

    @property
    def elements(self) -> Iterator[_Element]:
        """Its elements."""
        return (child for child in self.children if isinstance(child, _Element))

    @property
    def shown(self) -> Iterator[_Element]:
        """Its elements that are part of the text."""
        return (child for child in self.elements if child.name not in _SKIPPED)


def docx_text(data: bytes) -> str:
    """The text of a DOCX file. Raises DocumentError."""
    archive = DocumentArchive(data)
    main = _main_part(archive)
    folder = main[: main.rindex("/") + 1]

    def numbered(kind: str) -> list[str]:
        form = re.compile(rf"{re.escape(folder)}{kind}([0-9]*)\.xml")
        named = [(int(matched[1] or 0), name) for name in archive.names if (matched := form.fullmatch(name))]
        return [name for _, name in sorted(named, key=lambda pair: pair[0])]

    def read(names: list[str]) -> list[str]:
        return ["\n".join(_lines(_parsed(archive.part(name)))) for name in names]

    # The same header may be stored for the first, the even and the odd pages.
    texts = [
        *dict.fromkeys(read(numbered("header"))),
        *read([main, *numbered("footnotes"), *numbered("endnotes")]),
        *dict.fromkeys(read(numbered("footer"))),
    ]
    return "\n".join(filter(None, (text.strip("\n") for text in texts)))


def _main_part(archive: DocumentArchive) -> str:
    """The part with the text, by the relationships of the package."""
    names = set(archive.names)
    if "_rels/.rels" in names:
        for child in _parsed(archive.part("_rels/.rels")).elements:
            target = child.attributes.get("Target", "").removeprefix("/")
            is_main = child.attributes.get("Type", "").endswith("/officeDocument")
            if is_main and re.fullmatch(r"word/[^/]+\.xml", target) and target in names:
                return target
    raise unknown("is a ZIP archive, but not a Word document")


def _lines(element: _Element) -> list[str]:
    """The lines of paragraphs and of rows of tables, at any depth."""
    lines: list[str] = []
    for child in element.shown:
        if child.name == "p":
            boxes: list[str] = []
            lines += [*_inline(child, boxes).split("\n"), *boxes]
        elif child.name == "tr":
            lines.append("\t".join(_cells(child)))
        else:
            lines += _lines(child)
    return lines


def _cells(element: _Element) -> list[str]:
    cells: list[str] = []
    for child in element.shown:
        if child.name == "tc":
            cells.append(re.sub("[\t\n]", " ", " ".join(_lines(child))).strip(" "))
        else:
            cells += _cells(child)
    return cells


def _inline(element: _Element, boxes: list[str]) -> str:
    """The text of a paragraph; the lines of text boxes in it are added to `boxes`."""
    parts = []
    for child in element.shown:
        if child.name == "t":
            parts.append(re.sub("[\t\n\r]", " ", "".join(text for text in child.children if isinstance(text, str))))
        elif child.name == "txbxContent":
            boxes += _lines(child)
        elif child.name in _MARKS:
            parts.append(_MARKS[child.name])
        elif child.name != "r" or not _is_hidden(child):
            parts.append(_inline(child, boxes))
    return "".join(parts)


def _is_hidden(run: _Element) -> bool:
    """Whether a run has the property "hidden"."""
    properties = (each for child in run.elements if child.name == "rPr" for each in child.elements)
    vanish = next((each for each in properties if each.name == "vanish"), None)
    return vanish is not None and vanish.attributes.get("val", "") not in ("0", "false", "off")


def _parsed(data: bytes) -> _Element:
    """The outermost element. Document type declarations, and so entities, are refused. Raises DocumentError R122."""
    outer = _Element("", {})
    opened = [outer]

    def start(name: str, attributes: dict[str, str]) -> None:
        element = _Element(_local(name), {_local(key): value for key, value in attributes.items()})
        opened[-1].children.append(element)
        opened.append(element)
        if len(opened) > _MOST_DEPTH + 1:
            raise _invalid()

    def end(_: str) -> None:
        opened.pop()

    def text(content: str) -> None:
        opened[-1].children.append(content)

    def declared(*_: Any) -> None:
        raise _invalid()

    # Expat reads many encodings; this format has two.
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = declared
    try:
        parser.Parse(data.decode("utf-16" if is_wide else "utf-8-sig").encode(), True)
    except (expat.ExpatError, UnicodeError):
        raise _invalid() from None
    return cast("_Element", outer.children[0])


def _local(name: str) -> str:
    return name[name.find(":") + 1 :]


def _invalid() -> DocumentError:
    return broken("is damaged: its XML cannot be read")
