"""The page of the results."""

from __future__ import annotations

from dataclasses import dataclass

from bench.mutation.mutants import Mutant


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


def page(*_: object) -> str:
    return ""
