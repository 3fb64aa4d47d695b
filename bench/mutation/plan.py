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
    """Whether every mutant of a file is tried."""
    return any(path.startswith(f"src/{part}") for part in WHOLE)


def planned(population: Mapping[str, Sequence[Mutant]]) -> list[Mutant]:
    """The mutants to try, in the order of the files.

    Of a package's sampled files each gives the share of the sample that it has of the package's mutants; the mutants
    are taken by the digest of their identity, so that a change of the sources leaves most of the sample as it was.
    """
    chosen: list[Mutant] = []
    for package in PACKAGES:
        files = {path: mutants for path, mutants in population.items() if package_of(path) == package}
        sampled = {path: mutants for path, mutants in files.items() if not is_whole(path)}
        total = sum(map(len, sampled.values()))
        for path, mutants in sorted(files.items()):
            share = len(mutants) if is_whole(path) else round(SAMPLE * len(mutants) / total + 1e-9)
            chosen += sorted(mutants, key=lambda mutant: mutant.rank)[:share]
    return chosen
