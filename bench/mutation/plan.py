"""Which mutants are tried: all of what must not be wrong unnoticed, and a sample of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.mutation.mutants import Mutant
from bench.mutation.packages import PACKAGES, WHOLE

SAMPLE = 120
"""How many mutants of each package are tried beside those of WHOLE."""


def package_of(path: str) -> str:
    """The package of PACKAGES that a file is of."""
    return next(package for package in PACKAGES if path.startswith(f"src/{package}/"))


def is_whole(path: str) -> bool:
    """Whether every mutant of a file is planned."""
    return any(path.startswith(f"src/{part}") for part in WHOLE)


def row_of(path: str) -> str:
    """The row of the table that a file's mutants are counted in."""
    return package_of(path).removeprefix("sealift/") + ("" if is_whole(path) else ", sample")


ROWS = [f"{package.removeprefix('sealift/')}{end}" for package in PACKAGES for end in ("", ", sample")]
"""Every row that there may be, in the order of the table."""


def planned(population: Mapping[str, Sequence[Mutant]]) -> list[Mutant]:
    """The mutants to try, in the order in which they are tried.

    Within a row of the table they are in the order of the digest of their identity, so that those which were tried when
    a run ends are a simple random sample of the row, and a change of the sources leaves most of a sample as it was. One
    mutant of each row is followed by the next one of each.
    """
    rows: dict[str, list[Mutant]] = {}
    for path, mutants in population.items():
        rows.setdefault(row_of(path), []).extend(mutants)
    turns: list[tuple[int, int, Mutant]] = []
    for row, mutants in rows.items():
        ordered = sorted(mutants, key=lambda mutant: mutant.rank)
        most = SAMPLE if row.endswith(", sample") else len(ordered)
        turns += [(turn, ROWS.index(row), mutant) for turn, mutant in enumerate(ordered[:most])]
    return [mutant for _, _, mutant in sorted(turns, key=lambda each: each[:2])]
