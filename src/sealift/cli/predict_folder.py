"""`sealift predict` with several files or folders, and the results of a run over folders for the terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sealift import files
from sealift.cli import console
from sealift.cli.progress_bar import ProgressBar
from sealift.errors import ServeError

if TYPE_CHECKING:
    from sealift.batch.folder import FolderJob, FolderSummary

_OF_FOLDERS = ("format", "processes", "watch")
_LISTED = 10


def wanted(inputs: Sequence[str], output: str, *, watch: bool) -> bool:
    """Whether the arguments mean a folder of outputs."""
    ends = (os.sep, "/")
    folders = [place for place in (*inputs, output) if place.endswith(ends) or files.is_folder(place)]
    return watch or len(inputs) > 1 or bool(folders)


def of_single_file(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options for a single file. Raises BadParameter for one that only folders have."""
    given = [name for name in _OF_FOLDERS if options[name]]
    if given:
        raise click.BadParameter(f"--{given[0]} needs a folder of outputs: end it with a slash, as in -o answers/.")
    return {name: value for name, value in options.items() if name not in _OF_FOLDERS}


def run(file: Path, inputs: Sequence[str], output: str, *, as_json: bool, **options: Any) -> None:
    """Predict files into a folder, and print a summary. Exits with 1 for failed files, else 3 for refused rows."""
    from sealift.batch.folder import FolderJob, FolderSettings
    from sealift.runtime import load

    if options.pop("on") is not None:
        raise click.BadParameter("--on ray needs a single INPUT and a file of answers.")
    if "-" in (*inputs, output):
        raise click.BadParameter("- for stdin or stdout needs a single INPUT and a file of answers.")
    seconds, memory = options.pop("seconds"), options.pop("memory")
    keep = tuple(options.pop("keep"))
    settings = FolderSettings(tuple(map(Path, inputs)), Path(output), keep=keep, **options)
    model = load(file)
    job = FolderJob(model, settings, file=file, seconds=seconds, memory=memory)
    summary = run_job(job, watch=settings.watch, as_json=as_json)
    show(summary, console.manifest(file, model.seal), as_json=as_json)


def run_job(job: FolderJob, *, watch: bool, as_json: bool, **options: Any) -> FolderSummary:
    """Run a job, with a progress bar, or with a line for each file where it watches folders."""
    if not watch:
        with ProgressBar("Predicting") as bar:
            return job.run(progress=bar.advance, **options)
    return job.run(finished=(lambda _: None) if as_json else _say_file, **options)


def show(summary: FolderSummary, manifest: Mapping[str, Any], *, as_json: bool, exits: bool = True) -> None:
    """Print a summary, and exit as `run` does, if `exits`."""
    failed, count = len(summary.failed), len(summary.failed) + len(summary.files)
    error = ServeError(
        "E789",
        f"{failed:,} of {count:,} files could not be predicted.",
        where=summary.output,
        fix="Correct them and run the command again: only they are predicted.",
    )
    if as_json:
        fields = {"ok": not failed, **manifest, **summary.as_dict()}
        console.show_json(fields | {"error": error.as_dict()} if failed else fields)
    else:
        _say(summary)
        if failed:
            console.say(str(error))
    if failed and exits:
        raise SystemExit(console.REFUSED)
    if summary.refused and exits:
        raise SystemExit(console.SOME_ROWS)


def _say(summary: FolderSummary) -> None:
    before = sum(each["resumed"] for each in summary.files)
    console.say(f"{summary.rows:,} rows in {len(summary.files):,} files, in {summary.seconds:.1f} s")
    if before:
        console.say(f"files that a former run predicted: {before:,}")
    if summary.refused:
        console.say(
            console.styled(f"{summary.refused:,} rows refused", "bad") + ', with the reason in the column "error":'
        )
        for problem in summary.problems[:_LISTED]:
            place = f"{problem['input']} row {problem['row']}"
            console.say(f"    {console.clean(place)}  {problem['code']}  {console.clean(problem['message'])}")
        if summary.refused > _LISTED:
            console.say("    …")
    for each in summary.failed[:_LISTED]:
        _say_file(each)
    if len(summary.failed) > _LISTED:
        console.say(f"    and {len(summary.failed) - _LISTED:,} more files")
    console.say(f"answers in {console.clean(summary.output)}")


def _say_file(entry: Mapping[str, Any]) -> None:
    name = console.clean(entry["input"])
    if "error" in entry:
        error = entry["error"]
        console.say(
            f"{name}: " + console.styled("failed", "bad") + f"  [{error['code']}] {console.clean(error['what'])}"
        )
    else:
        refused = f", {entry['refused']:,} refused" if entry["refused"] else ""
        console.say(f"{name}: {entry['rows']:,} rows{refused}")
