"""Small pieces of HTML for notebooks: readable in light and dark, by screen readers too, without any script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

# currentColor and transparent tints follow the notebook's own theme.
_COLOURS = {"good": "46, 160, 67", "bad": "218, 54, 51", "care": "187, 128, 9"}
_CELL = "padding: 2px 12px 2px 4px; vertical-align: top; border-bottom: 1px solid rgba(127, 127, 127, 0.3)"
_SECTION = "max-width: 60em; color: inherit; overflow-wrap: anywhere"
_NUMBER = re.compile(r"-?[0-9][0-9,]*(\.[0-9]+)?(e[+-]?[0-9]+)?")


def whole(title: str, body: str, *, good: bool) -> str:
    """A report with its verdict on top."""
    colour = _COLOURS["good" if good else "bad"]
    return (
        f'<section aria-label="{escape(title)}" style="{_SECTION}">'
        f'<p style="margin: 0 0 8px; border-left: 4px solid rgb({colour}); padding-left: 8px">'
        f"<strong>{escape(title)}</strong></p>{body}</section>"
    )


def facts(title: str, body: str) -> str:
    """A description of an object under its title."""
    return (
        f'<section aria-label="{escape(title)}" style="{_SECTION}">'
        f'<p style="margin: 0"><strong>{escape(title)}</strong></p>{body}</section>'
    )


def text(*lines: str) -> str:
    """Paragraphs; empty ones are left out."""
    return "".join(f'<p style="margin: 2px 0">{escape(line)}</p>' for line in lines if line)


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table whose header cells name their columns; columns without any text are left out."""
    cells = [[str(cell) for cell in row] for row in rows]
    columns = [(name, [row[i] for row in cells]) for i, name in enumerate(header) if any(row[i] for row in cells)]
    if not columns:
        return ""
    # Numbers stand right; the theme's own rule for cells would place text there too.
    aligned = [
        f"{_CELL}; text-align: {'right' if all(_NUMBER.fullmatch(cell) for cell in column if cell) else 'left'}"
        for _, column in columns
    ]
    head = "".join(
        f'<th scope="col" style="{style}">{escape(name)}</th>'
        for style, (name, _) in zip(aligned, columns, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{style}; white-space: pre-wrap">{escape(column[row])}</td>'
            for style, (_, column) in zip(aligned, columns, strict=True)
        )
        + "</tr>"
        for row in range(len(cells))
    )
    # Words are not broken within a column; what is wider than a narrow output area scrolls.
    return (
        '<div style="overflow-x: auto; overflow-wrap: normal">'
        '<table style="border-collapse: collapse; background: transparent; color: inherit; margin: 8px 0 0">'
        '<caption style="text-align: left; padding: 4px; white-space: nowrap">'
        f"<strong>{escape(caption)}</strong></caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def note(kind: str, title: str, *texts: str) -> str:
    """A paragraph or more on one thing, its kind shown by the colour at its side."""
    colour = _COLOURS[kind]
    body = "".join(f'<p style="margin: 2px 0">{escape(text)}</p>' for text in texts)
    return (
        f'<div style="border-left: 4px solid rgb({colour}); background: rgba({colour}, 0.1); margin: 6px 0; '
        f'padding: 4px 8px"><p style="margin: 0"><strong>{escape(title)}</strong></p>{body}</div>'
    )
