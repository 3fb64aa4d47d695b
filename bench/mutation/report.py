"""The page of the results, docs/mutation.md."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.mutation.mutants import Mutant
from bench.mutation.packages import PACKAGES, TESTS
from bench.mutation.plan import SAMPLE, is_whole, package_of

_EXPLAINED = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True)
class Result:
    """What became of a mutant: "killed", "timeout", "survived", or "no test" where none executes its line."""

    key: str
    path: str
    function: str
    line: int
    was: str
    becomes: str
    status: str
    test: str
    seconds: float

    @classmethod
    def of(cls, mutant: Mutant, status: str, test: str, seconds: float) -> Result:
        """The result of a mutant."""
        return cls(
            mutant.key, mutant.path, mutant.function, mutant.line, mutant.was, mutant.becomes, status, test, seconds
        )

    @property
    def killed(self) -> bool:
        """Whether a test noticed it."""
        return self.status in ("killed", "timeout")


def explanations() -> dict[tuple[str, str, str], str]:
    """Why a mutant survives, by file, function and changed line."""
    entries = tomllib.loads(_EXPLAINED.read_text(encoding="utf-8"))["explained"]
    return {(entry["file"], entry["function"], line): entry["why"] for entry in entries for line in entry["becomes"]}


def page(population: Mapping[str, Sequence[Mutant]], chosen: Sequence[Mutant], results: Mapping[str, Result]) -> str:
    """The whole page, in Markdown."""
    lines = [_method(population, chosen, results), *_scores(population, chosen, results), *_survivors(chosen, results)]
    return "\n".join(lines).rstrip() + "\n"


def _method(population: Mapping[str, Sequence[Mutant]], chosen: Sequence[Mutant], results: Mapping[str, Result]) -> str:
    return _METHOD.format(
        folders=", ".join(f"`{path}`" for path in TESTS),
        total=sum(map(len, population.values())),
        files=len(population),
        sample=SAMPLE,
        tried=sum(mutant.key in results for mutant in chosen),
        planned=len(chosen),
        date=datetime.now(UTC),
    )


_METHOD = """# Mutation testing

For contributors to Sealift. A mutant is a copy of a source file with one small change: `<` for `<=`, 6 for 5, a call
removed. A test that fails on it kills it; a mutant that survives is a change that no test notices.

`make mutation` makes mutants with the operators of [mutmut](https://mutmut.readthedocs.io) 3. `None` in place of an
argument or a value, and arguments left out that have no keyword, are not tried: nearly all of them end in a TypeError
at once and would only raise the score. Neither are words for people: f-strings, and strings with a space. Whole numbers
are decreased by one, too, and calls and `raise` statements that stand alone are removed.

Each mutant is tried in a forked process that has the tests loaded, on those tests that execute the changed line: first
those that killed others of the file, then the quickest, at most 400 of them or 30 seconds of their time. The tests are
those of {folders}; those of the boosters, of other versions and of whole programs are left out. Every mutant of
privacy, of tolerances and of limits is tried; of the other files a sample of {sample} for each package, spread over its
files, with Wilson's interval for 95 %. {tried:,} of {planned:,} planned mutants, of {total:,} in {files} files, were
tried until {date:%d %B %Y}.

```
make mutation                                                # goes on where the last run ended
make mutation MUTATION="--anew"                              # from the beginning
make mutation MUTATION="--retry --only packing/privacy"      # what survived there, again
```
"""


def _scores(
    population: Mapping[str, Sequence[Mutant]], chosen: Sequence[Mutant], results: Mapping[str, Result]
) -> Iterator[str]:
    yield "| files | mutants | tried | killed | score | interval | survivors explained |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    known = explanations()
    rows = {name: _part(name) for name in _names(chosen)}
    total = _Count()
    for name, belongs in rows.items():
        count = _Count()
        for mutant in chosen:
            if belongs(mutant.path) and mutant.key in results:
                count.add(results[mutant.key], known)
        total.join(count)
        mutants = sum(len(several) for path, several in population.items() if belongs(path))
        yield f"| {name} | {mutants:,} | {count.cells(sampled=name.endswith(', sample'))} |"
    yield f"| all | {sum(map(len, population.values())):,} | {total.cells(sampled=False)} |"


def _names(chosen: Sequence[Mutant]) -> list[str]:
    found = {_name(mutant.path) for mutant in chosen}
    order = [f"{package.removeprefix('sealift/')}{end}" for package in PACKAGES for end in ("", ", sample")]
    return [name for name in order if name in found]


def _name(path: str) -> str:
    return package_of(path).removeprefix("sealift/") + ("" if is_whole(path) else ", sample")


def _part(name: str) -> Callable[[str], bool]:
    return lambda path: _name(path) == name


@dataclass
class _Count:
    tried: int = 0
    killed: int = 0
    explained: int = 0

    def add(self, result: Result, known: Mapping[tuple[str, str, str], str]) -> None:
        self.tried += 1
        self.killed += result.killed
        self.explained += not result.killed and (result.path, result.function, result.becomes) in known

    def join(self, other: _Count) -> None:
        self.tried += other.tried
        self.killed += other.killed
        self.explained += other.explained

    def cells(self, *, sampled: bool) -> str:
        if not self.tried:
            return "0 |  | not tried |  | "
        share = self.killed / self.tried
        low, high = interval(self.killed, self.tried)
        shown = f"{100 * low:.0f}–{100 * high:.0f} %" if sampled else ""
        explained = f"{self.explained} of {self.tried - self.killed}"
        return f"{self.tried:,} | {self.killed:,} | {100 * share:.1f} % | {shown} | {explained}"


def interval(killed: int, tried: int) -> tuple[float, float]:
    """Wilson's interval of a share, for 95 %."""
    if not tried:
        return 0.0, 1.0
    z = 1.96
    share, squared = killed / tried, z * z / tried
    middle = (share + squared / 2) / (1 + squared)
    half = z * math.sqrt(share * (1 - share) / tried + squared / (4 * tried)) / (1 + squared)
    return max(0.0, middle - half), min(1.0, middle + half)


def _survivors(chosen: Sequence[Mutant], results: Mapping[str, Result]) -> Iterator[str]:
    known = explanations()
    survived = [mutant for mutant in chosen if mutant.key in results and not results[mutant.key].killed]
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
