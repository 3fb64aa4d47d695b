"""What the documentation site adds to Sphinx: links of error codes, the list of public names, the first page."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

import sealift
from sealift.errors import CODES

_CODE = re.compile(r"[ER]\d{3}\b")


def slug(title: str) -> str:
    """The anchor of a heading: an error's code (`errors.html#e302`), else as GitHub makes it."""
    code = _CODE.match(title)
    if code:
        return code[0].lower()
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


class ErrorLinks(SphinxTransform):
    """Link each error code in the pages to its explanation."""

    default_priority = 500

    def apply(self) -> None:
        """Replace codes in running text; not in titles, code and links."""
        if self.env.docname == "docs/errors":
            return
        for text in list(self.document.findall(nodes.Text)):
            if _within(text, nodes.reference, nodes.literal_block, nodes.title, nodes.raw):
                continue
            parts = re.split(r"\b([ER]\d{3})\b", text.astext())
            if len(parts) == 1 or not all(code in CODES for code in parts[1::2]):
                continue
            linked: list[nodes.Node] = []
            for index, part in enumerate(parts):
                if index % 2:
                    linked.append(self._link(part))
                elif part:
                    linked.append(nodes.Text(part))
            text.parent.replace(text, linked)

    def _link(self, code: str) -> nodes.reference:
        up = "../" * self.env.docname.count("/")
        return nodes.reference("", code, refuri=f"{up}docs/errors.html#{code.lower()}", internal=True)


class ErrorAnchors(SphinxTransform):
    """Give each error its code as an anchor in capitals too, and an entry in the index, to which the search leads."""

    default_priority = 500

    def apply(self) -> None:
        """Change the sections of docs/errors."""
        if self.env.docname != "docs/errors":
            return
        for section in list(self.document.findall(nodes.section)):
            code = _CODE.match(section[0].astext())
            if code:
                section["ids"].append(code[0])
                section.insert(1, addnodes.index(entries=[("single", code[0], code[0], "main", None)]))


def _within(node: nodes.Node, *kinds: type[nodes.Node]) -> bool:
    parent = node.parent
    while parent is not None:
        if isinstance(parent, kinds):
            return True
        parent = parent.parent
    return False


def _all_names(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Fill the API reference with the public names of the package, so that none is forgotten."""
    if docname != "docs/api":
        return
    functions, errors, classes = [], [], []
    for name in sealift.__all__:
        value = getattr(sealift, name)
        if isinstance(value, type):
            (errors if issubclass(value, Exception) else classes).append(name)
        elif callable(value):
            functions.append(name)
    sections = {"functions": functions, "classes": classes, "errors": errors}
    for section, names in sections.items():
        kind = "autofunction" if section == "functions" else "autoclass"
        options = "" if section == "functions" else "   :members:\n"
        body = "".join(f".. {kind}:: sealift.{name}\n{options}\n" for name in names)
        source[0] = source[0].replace(f".. {section}", body)


def _index(app: Sphinx, failure: Exception | None) -> None:
    """Lead from the folder's own index.html to the first page."""
    if failure is None and app.builder.name == "html":
        page = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=docs/index.html">'
        page += '<title>Sealift</title><a href="docs/index.html">Sealift: documentation</a>\n'
        Path(app.outdir, "index.html").write_text(page)


def setup(app: Sphinx) -> None:
    """Register the extension."""
    app.add_transform(ErrorLinks)
    app.add_transform(ErrorAnchors)
    app.connect("source-read", _all_names)
    app.connect("build-finished", _index)
