"""The results that the repository keeps, results.tsv, so that a run goes on from them on any machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.mutation.mutants import Mutant
from bench.mutation.report import Result

FILE = Path(__file__).with_name("results.tsv")
_HEAD = """\
# What became of each mutant: `python -m bench.mutation.run --write PAGE` writes this file, and every run reads it.
# Columns: key of the mutant (mutants.py); status when it was tried first; status when it was tried last; commit of the
# sources and tests at the last trial.
"""


def read(mutants: Iterable[Mutant], file: Path = FILE) -> dict[str, list[Result]]:
    """The first and the last result of each of the mutants, by key; one result if it was tried once.

    A mutant keeps its key while the changed lines and their function keep their names and text; results of mutants
    that the sources no longer have are passed over.
    """
    by_key = {mutant.key: mutant for mutant in mutants}
    results: dict[str, list[Result]] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        if line.startswith("#"):
            continue
        key, first, last, commit = line.split("\t")
        if key in by_key:
            statuses = [first] if first == last else [first, last]
            results[key] = [Result.of(by_key[key], status, "", 0.0, commit) for status in statuses]
    return results


def write(planned: Iterable[Mutant], tried: Mapping[str, Sequence[Result]], file: Path = FILE) -> None:
    """Keep the results of the planned mutants, in the order of their keys."""
    lines = []
    for key in sorted(mutant.key for mutant in planned if mutant.key in tried):
        first, last = tried[key][0], tried[key][-1]
        lines.append(f"{key}\t{first.status}\t{last.status}\t{last.commit}\n")
    file.write_text(_HEAD + "".join(lines), encoding="utf-8")
