"""`sealift predict`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

import click

from sealift.cli import console
from sealift.cli.progress_bar import ProgressBar
from sealift.errors import ContractError, FileError

if TYPE_CHECKING:
    from sealift.batch import Summary
    from sealift.contract import Cautions, Contract

_LISTED = 10


def run(
    file: Path,
    source: str | Sequence[str],
    target: str,
    *,
    keep: list[str],
    keep_inputs: bool,
    ignore_extra: bool,
    seconds: float | None = None,
    memory: float | None = None,
    on: str | None = None,
    as_json: bool,
) -> None:
    """Predict a file and print a summary. Exits with 3 when rows were refused."""
    from sealift.batch import opened, score

    if as_json and target == "-":
        raise click.BadParameter("--json and -o - would both write to stdout; choose a file for one of them.")
    place: str | IO[bytes] | Sequence[str] = _stdin() if source == "-" else source
    goal: str | IO[bytes] = sys.stdout.buffer if target == "-" else target
    with ExitStack() as stack:
        map_chunks = None
        if on is not None:
            from sealift.ray.cluster import connected
            from sealift.ray.predicting import CHUNK, OnRay

            stack.enter_context(connected())
            map_chunks = OnRay(file, seconds, memory)
        model = stack.enter_context(opened(file, seconds, memory))
        stack.enter_context(_options_named())
        bar = stack.enter_context(ProgressBar("Predicting"))
        summary = score(
            model,
            place,
            goal,
            keep=keep,
            keep_inputs=keep_inputs,
            ignore_extra=ignore_extra,
            progress=bar.advance,
            chunk=None if map_chunks is None else CHUNK,
            map_chunks=map_chunks,
            pictures=Path(source).parent if isinstance(source, str) and source != "-" else None,
            resume=target != "-",
        )
    if as_json:
        console.show_json({"ok": True, **console.manifest(file, model.seal), **summary.as_dict()})
    else:
        say(summary, model.contract, sys.stderr if target == "-" else sys.stdout, named=target != "-")
    if summary.refused:
        raise SystemExit(console.SOME_ROWS)


def say(summary: Summary, contract: Contract, stream: TextIO | None = None, *, named: bool = True) -> None:
    """Print a summary, with the name of the output if `named`."""
    from sealift.contract import labels

    stream = stream or sys.stdout
    rate = f", {summary.rows / summary.seconds:,.0f} a second" if summary.seconds > 1 else ""
    console.say(f"{summary.rows:,} rows in {summary.seconds:.1f} s{rate}", stream)
    if summary.resumed:
        console.say(f"rows that a former run predicted: {summary.resumed:,}", stream)
    if summary.skipped:
        console.say(f"empty records after the last row: {summary.skipped:,}", stream)
    if summary.refused:
        console.say(console.styled(f"{summary.refused:,} rows refused", "bad", stream) + ", with the reason in the "
                    'column "error":', stream)  # fmt: skip
        for problem in summary.problems[:_LISTED]:
            console.say(f"    row {problem.row}  {problem.code}  {console.clean(problem.message)}", stream)
        if summary.refused > _LISTED:
            console.say("    …", stream)
    called = dict(zip(contract.index, labels(contract.inputs), strict=True))
    _cautions(summary.cautions, called, stream)
    if named:
        console.say(f"answers in {console.clean(summary.output)}")


@contextmanager
def _options_named() -> Iterator[None]:
    """Make the error of an unexpected column name the command's options instead of the arguments of `score`."""
    try:
        yield
    except ContractError as error:
        if error.code != "E102":
            raise
        fix = "Remove them, copy them to the answers (--keep NAME), or ignore them (--ignore-extra)."
        raise ContractError(error.code, error.what, where=error.where, fix=fix) from None


def _cautions(counted: Sequence[Cautions], called: Mapping[str, str], stream: TextIO) -> None:
    """Print the counts of unusual values by column."""
    for item in counted[:_LISTED]:
        parts = [f"{item.missing:,} missing"] * bool(item.missing)
        parts += [f"{item.outside:,} outside the usual range"] * bool(item.outside)
        if item.unknown:
            examples = ", ".join(f"'{text}'" for text in item.examples)
            parts.append(f"{item.unknown:,} not among the known categories ({examples})")
        parts += [f"{item.noted:,} noted: {'; '.join(item.notes)}"] * bool(item.noted)
        label = called[item.field]
        name = item.field if label == item.field else f"{item.field} ({label})"
        console.say(f"    column {console.clean(name)}: {console.clean('; '.join(parts))}", stream)
    if len(counted) > _LISTED:
        console.say(f"    and {len(counted) - _LISTED:,} more columns", stream)


def _stdin() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.closed:
        raise FileError("E401", "Standard input is closed.", where="stdin", fix="Give a file, or pipe the rows in.")
    return sys.stdin.buffer
