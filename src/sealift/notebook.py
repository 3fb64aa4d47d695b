"""Small pieces of HTML for notebooks: readable in light and dark, by screen readers too, without any script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

# currentColor and transparent tints follow the notebook's own theme.
_COLOURS = {"good": "46, 160, 67", "bad": "218, 54, 51", "care": "187, 128, 9"}
_CELL = "text-align: left; padding: 2px 12px 2px 0; border-bottom: 1px solid rgba(127, 127, 127, 0.3); "


def whole(title: str, body: str, *, good: bool) -> str:
    """A report with its verdict on top."""
    colour = _COLOURS["good" if good else "bad"]
    return (
        f'<section aria-label="{escape(title)}" style="max-width: 60em; color: inherit">'
        f'<p style="border-left: 4px solid rgb({colour}); padding-left: 8px"><strong>{escape(title)}</strong></p>'
        f"{body}</section>"
    )


def facts(title: str, body: str) -> str:
    """A description of an object under its title."""
    return (
        f'<section aria-label="{escape(title)}" style="max-width: 60em; color: inherit">'
        f'<p style="margin: 0"><strong>{escape(title)}</strong></p>{body}</section>'
    )


def text(*lines: str) -> str:
    """Paragraphs; empty ones are left out."""
    return "".join(f'<p style="margin: 2px 0">{escape(line)}</p>' for line in lines if line)


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table whose header cells name their columns."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}white-space: pre-wrap">{escape(str(cell))}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return (
        '<table style="border-collapse: collapse; background: transparent; color: inherit">'
        f'<caption style="text-align: left; padding: 4px 0"><strong>{escape(caption)}</strong></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def note(kind: str, title: str, *texts: str) -> str:
    """A paragraph or more on one thing, its kind told by the colour at its side."""
    colour = _COLOURS[kind]
    body = "".join(f'<p style="margin: 2px 0">{escape(text)}</p>' for text in texts)
    return (
        f'<div style="border-left: 4px solid rgb({colour}); background: rgba({colour}, 0.1); margin: 6px 0; '
        f'padding: 4px 8px"><p style="margin: 0"><strong>{escape(title)}</strong></p>{body}</div>'
    )
