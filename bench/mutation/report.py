"""The page of the results, docs/mutation.md."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bench.mutation.mutants import Mutant
from bench.mutation.packages import TESTS
from bench.mutation.plan import ROWS, SAMPLE, row_of

_EXPLAINED = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True)
class Result:
    """What became of a mutant: "killed", "timeout", "survived", or "no test" where none executes its line.

    `commit` names the sources and tests with which it was tried.
    """

    key: str
    path: str
    function: str
    line: int
    was: str
    becomes: str
    status: str
    test: str
    seconds: float
    commit: str

    @classmethod
    def of(cls, mutant: Mutant, status: str, test: str, seconds: float, commit: str = "") -> Result:
        """The result of a mutant."""
        place = mutant.key, mutant.path, mutant.function, mutant.line
        return cls(*place, mutant.was, mutant.becomes, status, test, seconds, commit)

    @property
    def killed(self) -> bool:
        """Whether a test noticed it."""
        return self.status in ("killed", "timeout")


@cache
def explanations() -> dict[tuple[str, str, str], str]:
    """Why a mutant survives, by file, function and changed line."""
    entries = tomllib.loads(_EXPLAINED.read_text(encoding="utf-8"))["explained"]
    return {(entry["file"], entry["function"], line): entry["why"] for entry in entries for line in entry["becomes"]}


def is_explained(result: Result) -> bool:
    """Whether a reason is given why a mutant survives."""
    return (result.path, result.function, result.becomes) in explanations()


def superfluous(population: Mapping[str, Sequence[Mutant]]) -> set[tuple[str, str, str]]:
    """The explanations of no mutant, which the sources had once."""
    return explanations().keys() - {(m.path, m.function, m.becomes) for several in population.values() for m in several}


def page(
    population: Mapping[str, Sequence[Mutant]],
    chosen: Sequence[Mutant],
    tried: Mapping[str, Sequence[Result]],
    note: str = "",
) -> str:
    """The whole page, in Markdown.

    Args:
        population: every mutant, by file.
        chosen: those that were to be tried.
        tried: what became of them whenever they were tried, the first time first.
        note: a paragraph on how they were tried.
    """
    results = {mutant.key: tried[mutant.key] for mutant in chosen if mutant.key in tried}
    method = _method(population, chosen, results) + f"\n{note}\n" * bool(note)
    lines = [method, *_scores(population, chosen, results), *_survivors(chosen, results)]
    return "\n".join(lines).rstrip() + "\n"


def _method(
    population: Mapping[str, Sequence[Mutant]], chosen: Sequence[Mutant], results: Mapping[str, Sequence[Result]]
) -> str:
    return _METHOD.format(
        folders=", ".join(f"`{path}`" for path in TESTS),
        total=sum(map(len, population.values())),
        files=len(population),
        sample=SAMPLE,
        tried=len(results),
        planned=len(chosen),
        date=datetime.now(UTC),
    )


_METHOD = """# Mutation testing

For contributors to Sealift. A mutant is a copy of a source file with one small change: `<` for `<=`, 6 for 5, a call
removed. A test that fails on it kills it; a mutant that survives is a change that no test notices.

`make mutation` makes mutants with the operators of [mutmut](https://mutmut.readthedocs.io) 3. `None` in place of an
argument or a value, and arguments left out that have no keyword, are not tried: nearly all of them end in a TypeError
at once and would only raise the score. Neither are words for people: f-strings, and strings with a space. Whole numbers
are decreased by one, too, and calls and `raise` that are whole statements are removed.

Each mutant is tried in a forked process that has the tests loaded, on those tests that execute the changed line: first
those that killed others of the file, then the quickest, at most 400 of them or 30 seconds of their time. The tests are
those of {folders}; those of the boosters, of other versions and of whole programs are left out.

Planned are every mutant of the files of privacy, tolerances and limits, and of the other files of each package a random
sample of {sample}. A run that is ended before it has tried all of them has tried a random part of each row of the
table. {tried:,} of {planned:,} planned mutants, of {total:,} in {files} files, were tried until {date:%d %B %Y}.

"At first" counts what the tests killed when a mutant was tried for the first time; the interval, Wilson's for 95 %, is
an estimate from it for all mutants of the row, and is left out where all of them were tried. "Now" counts again after
tests were added for survivors; where only a part was tried, it is no estimate for the rest.

`bench/mutation/results.tsv` holds the outcome of each mutant, with the commit at which it was tried. A run continues
from this file, on any machine; `--write` updates it together with this page.

```
make mutation                                                # continues the last run
make mutation MUTATION="--anew"                              # from the beginning
make mutation MUTATION="--retry --only packing/privacy"      # what survived there, again
```
"""


def _scores(
    population: Mapping[str, Sequence[Mutant]], chosen: Sequence[Mutant], results: Mapping[str, Sequence[Result]]
) -> Iterator[str]:
    yield "| files | mutants | planned | tried | killed at first | interval | killed now | survivors explained |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    sizes = Counter(row_of(path) for path, several in population.items() for _ in several)
    rows = {row: [mutant for mutant in chosen if row_of(mutant.path) == row] for row in ROWS if sizes[row]}
    for row, mutants in rows.items():
        outcomes = [results[mutant.key] for mutant in mutants if mutant.key in results]
        yield f"| {row} | {sizes[row]:,} | {len(mutants):,} | {_cells(outcomes, sizes[row])} |"
    yield f"| all | {sizes.total():,} | {len(chosen):,} | {_cells([*results.values()], 0)} |"


def _cells(outcomes: Sequence[Sequence[Result]], size: int) -> str:
    """The cells of the mutants that were tried; with an interval if they are a part of `size`."""
    tried = len(outcomes)
    if not tried:
        return "0 | not tried | | | "
    first, now = (sum(several[i].killed for several in outcomes) for i in (0, -1))
    low, high = interval(first, tried)
    shown = f"{100 * low:.0f}–{100 * high:.0f} %" if tried < size else ""
    survived = [several[-1] for several in outcomes if not several[-1].killed]
    explained = sum(map(is_explained, survived))
    shares = [f"{count:,} ({100 * count / tried:.1f} %)" for count in (first, now)]
    return f"{tried:,} | {shares[0]} | {shown} | {shares[1]} | {explained} of {len(survived)}"


def interval(killed: int, tried: int) -> tuple[float, float]:
    """Wilson's interval of a share, for 95 %."""
    if not tried:
        return 0.0, 1.0
    z = 1.96
    share, squared = killed / tried, z * z / tried
    middle = (share + squared / 2) / (1 + squared)
    half = z * math.sqrt(share * (1 - share) / tried + squared / (4 * tried)) / (1 + squared)
    return max(0.0, middle - half), min(1.0, middle + half)


def _survivors(chosen: Sequence[Mutant], results: Mapping[str, Sequence[Result]]) -> Iterator[str]:
    known = explanations()
    survived = [mutant for mutant in chosen if mutant.key in results and not results[mutant.key][-1].killed]
    survived.sort(key=lambda mutant: (mutant.path, mutant.line))
    yield from ("", "## Survivors")
    for path in dict.fromkeys(mutant.path for mutant in survived):
        yield from ("", f"### {path.removeprefix('src/sealift/')}")
        reasons: dict[str, list[Mutant]] = {}
        for mutant in survived:
            if mutant.path == path:
                why = known.get((path, mutant.function, mutant.becomes), "Not explained.")
                reasons.setdefault(why, []).append(mutant)
        for why, mutants in sorted(reasons.items(), key=lambda item: item[0] == "Not explained."):
            yield from ("", why, "", "```diff")
            for mutant in mutants:
                yield from (f"- {mutant.was}", f"+ {mutant.becomes}")
            yield "```"
