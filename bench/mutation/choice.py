"""Which tests a mutant is given to."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.mutation.mutants import Mutant
from bench.mutation.packages import ELSEWHERE
from bench.mutation.reach import AT_IMPORT, Reach

_MOST = 400


@dataclass(frozen=True)
class Choice:
    """What tests are chosen by.

    Attributes:
        root: of the repository.
        reach: which tests execute which lines.
        paths: the folders and files of tests that are chosen from.
        seconds: how long the tests of one mutant may take, as they were measured.
        waiting: tests that do not end in a forked process, without any change too.
    """

    root: Path
    reach: Reach
    paths: tuple[str, ...]
    seconds: float
    waiting: set[str] = field(default_factory=set)

    def tests_of(self, mutant: Mutant, killers: Counter[str]) -> tuple[list[str], bool]:
        """The tests that execute the lines of a mutant, best first; and whether importing the module does.

        Those that noticed other mutants of the file come first, then the quickest. What importing executes is executed
        by every test; so those are taken that execute a line which speaks of the name that is assigned or defined.
        """
        path = ELSEWHERE.get(mutant.path, mutant.path)
        lines = self.reach.tests.get(path, {})
        tests: set[str] = set()
        if path == mutant.path:
            tests.update(*(lines.get(line, ()) for line in range(mutant.line, mutant.last + 1)))
        at_import = AT_IMPORT in tests
        if at_import:
            tests = self._naming(mutant)
        if not tests and (at_import or path != mutant.path):
            tests.update(*lines.values())
        seconds = self.reach.seconds
        usable = [test for test in tests - self.waiting if seconds.get(test, -1) >= 0 and test.startswith(self.paths)]
        usable.sort(key=lambda test: (-killers[test], seconds[test], test))
        chosen: list[str] = []
        total = 0.0
        for test in usable[:_MOST]:
            total += seconds[test]
            if chosen and total > self.seconds:
                break
            chosen.append(test)
        return chosen, at_import

    def _naming(self, mutant: Mutant) -> set[str]:
        """The tests that execute a line with the name that the mutant's statement assigns, or its function's name."""
        statement = (self.root / mutant.path).read_text(encoding="utf-8").splitlines()[mutant.line - 1]
        assigned = re.match(r"\s*(\w+(?:, \w+)*)\s*[:=]", statement)
        names = assigned[1].split(", ") if assigned else [mutant.function.rpartition(".")[2]]
        word = re.compile(rf"\b({'|'.join(names)})\b")
        tests: set[str] = set()
        for path, lines in self.reach.tests.items():
            for number, line in enumerate((self.root / path).read_text(encoding="utf-8").splitlines(), 1):
                if word.search(line):
                    tests.update(lines.get(number, ()))
        return tests - {AT_IMPORT}
