"""`sealift shadow-diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sealift.cli import console
from sealift.cli.progress_bar import ProgressBar

_LISTED = 10


def run(
    url: str,
    file: Path,
    rows: Path,
    *,
    protocol: str | None,
    model: str | None,
    output: str | None,
    tolerance: float,
    batch: int,
    most: int | None,
    headers: tuple[str, ...],
    timeout: float,
    ignore_extra: bool,
    as_json: bool,
) -> None:
    """Compare and print a summary. Exits with 3 when answers differ."""
    from sealift.incumbent import shadow_diff

    with ProgressBar("Comparing") as bar:
        comparison = shadow_diff(
            url, file, rows, protocol=protocol, model=model, output=output, tolerance=tolerance, batch=batch,
            most=most, headers=dict(_header(text) for text in headers), timeout=timeout, ignore_extra=ignore_extra,
            progress=lambda done: bar.advance(0, 0, done),
        )  # fmt: skip
    if as_json:
        console.show_json({"ok": True, "agrees": comparison.agrees, **comparison.as_dict()})
    else:
        _show(comparison)
    if not comparison.agrees:
        raise SystemExit(console.SOME_ROWS)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter(f"{text!r:.80} is not of the form NAME: VALUE.", param_hint="--header")
    return name.strip(), value.strip()


def _show(comparison: Any) -> None:
    """Print a comparison."""
    style = "good" if comparison.agrees else "bad"
    console.say(f"{comparison.rows:,} rows answered by both, over the protocol {comparison.protocol}")
    if comparison.rows:
        console.say(f"compared: {console.clean(comparison.output)}")
    if comparison.note:
        console.say(console.clean(comparison.note))
    if comparison.refused:
        console.say(f"{comparison.refused:,} rows refused by the sealed model; they were not sent")
    if comparison.refused_by_incumbent:
        console.say(f"{comparison.refused_by_incumbent:,} rows refused only by the incumbent: "
                    f"{console.clean(comparison.refusal)}")  # fmt: skip
    if comparison.rows and not comparison.differing:
        largest = f"; the largest difference is {comparison.largest:.3g}" if comparison.largest else ""
        console.say(console.styled("no answer differs", style, sys.stdout) + largest)
    elif comparison.differing:
        share = comparison.differing / comparison.rows
        differing = f"{comparison.differing:,} rows ({share:.1%}) have another answer"
        console.say(console.styled(differing, style, sys.stdout))
        for cause in comparison.causes:
            console.say(f"    {cause.rows:,} of {cause.of:,} examined: {console.clean(cause.text)}")
        console.table(
            ("row", "sealed model", "incumbent"),
            [(each.row, _text(each.ours), _text(each.theirs)) for each in comparison.differences[:_LISTED]],
        )
        if comparison.differing > _LISTED:
            console.say("    …  (--json lists up to 1,000)")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value)
    return f"{value:.6g}" if isinstance(value, float) else console.clean(value)
