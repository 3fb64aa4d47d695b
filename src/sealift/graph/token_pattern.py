"""A token pattern of Python's `re` as an automaton that any program can run (spec/TEXT.md §4).

The pattern becomes a list of instructions (Thompson, 1968), each thread of which stands for one way to go on; a set
of threads in the order of their priority becomes a state, and a thread that matches ends all those behind it. So the
automaton finds what a backtracking search would find first, one step a character (Cox, "Regular Expression Matching:
the Virtual Machine Approach", 2009). What a set holds is asked of `re` itself, character by character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.errors import PackError
from sealift.graph.step import refuse
from sealift.graph.unicode_tables import encoded
from sealift.stages.text.scan import MOST_CLASSES, MOST_STATES

Set: TypeAlias = npt.NDArray[np.bool_]

_parser: Any = import_module("re._parser")
_MOST_STEPS = 4000
_SETS = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_KEPT = re.IGNORECASE | re.ASCII | re.DOTALL
_MOST_REPEATS = int(_parser.MAXREPEAT)


@dataclass
class _Program:
    """Instructions: `("set", i)`, `("go", a, b, …)` in order of priority, `("when", i)` and `("match",)`."""

    code: list[tuple[Any, ...]] = field(default_factory=list)
    sets: list[Set] = field(default_factory=list)
    conditions: list[tuple[str, int]] = field(default_factory=list)
    sources: dict[tuple[str, int], int] = field(default_factory=dict)
    members: Callable[[str, int], Set] | None = None

    def emit(self, *instruction: Any) -> int:
        self.code.append(instruction)
        if len(self.code) > _MOST_STEPS:
            raise _cannot("is too long when its counted repetitions are written out")
        return len(self.code) - 1

    def number(self, source: str, flags: int) -> int:
        """The number of the set that the pattern `source` of one character stands for."""
        key = (source, flags & _KEPT)
        if key not in self.sources:
            self.sources[key] = len(self.sets)
            self.sets.append((self.members or _members)(*key))
        return self.sources[key]


@lru_cache(16)  # a megabyte each; the classes of word characters and of spaces come back in most patterns
def _members(source: str, flags: int) -> Set:
    result = np.zeros(0x110000, dtype=np.bool_)
    result[[ord(char) for char in re.findall(source, _every(), flags)]] = True
    return result


@cache
def _every() -> str:
    return "".join(map(chr, range(0x110000)))


@lru_cache(64)
def automaton(pattern: str) -> dict[str, Any]:
    """The automaton of a token pattern, as a stage holds it.

    Raises:
        PackError: E302 for a pattern that none has, with the part that is to blame.
    """
    return automaton_of(pattern, _members)


def automaton_of(pattern: str, members: Callable[[str, int], Set]) -> dict[str, Any]:
    """The automaton of a pattern whose sets of characters another library defines.

    Args:
        pattern: a pattern of `re`.
        members: a part of the pattern that stands for one character, and flags → the characters that it matches.

    Raises:
        PackError: E302 for a pattern that none has, with the part that is to blame.
    """
    tree = _parser.parse(pattern)
    program = _Program(members=members)
    head, tail = _cut(tree)
    _sequence(program, list(tree), tree.state.flags)
    program.emit("match")
    if tree.getwidth()[0] == 0:
        raise _cannot("can match the empty text")
    classes = _classes(program.sets)
    result = _determinised(program, classes)
    ranges = [encoded(np.flatnonzero(classes == number).tolist()) for number in range(1, int(classes.max()) + 1)]
    return {"classes": ranges, **result} | ({"cut": [head, tail]} if head or tail else {})


def _cut(tree: Any) -> tuple[int, int]:
    """How many characters stand before and behind the capturing group, which is the token."""
    if tree.state.groups <= 1:
        return 0, 0
    parts = list(tree)
    at = next((i for i, (op, args) in enumerate(parts) if str(op) == "SUBPATTERN" and args[0] is not None), None)
    if at is not None:
        sides = [_parser.SubPattern(tree.state, side).getwidth() for side in (parts[:at], parts[at + 1 :])]
        if all(low == high <= 64 for low, high in sides):
            return sides[0][0], sides[1][0]
    raise _cannot("has a capturing group with a varying number of characters beside it", "Write the group as (?:…).")


def _sequence(program: _Program, parts: Sequence[Any], flags: int) -> None:
    for op, args in parts:
        name = str(op)
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            program.emit("set", program.number(_source(name, args), flags))
        elif name == "BRANCH":
            _branch(program, args[1], flags)
        elif name == "SUBPATTERN":
            _, added, removed, inner = args
            _sequence(program, list(inner), (flags | added) & ~removed)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = args
            _repeat(program, least, most, inner, flags, greedy=name == "MAX_REPEAT")
        elif name == "AT":
            program.emit("when", _condition(program, str(args), flags))
        elif name in ("ASSERT", "ASSERT_NOT"):
            program.emit("when", _look(program, name, args, flags))
        else:
            raise _cannot(f"uses {_SPOKEN.get(name, name.lower())}")


_SPOKEN = {
    "GROUPREF": "a reference to a group",
    "GROUPREF_EXISTS": "a condition on a group",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repetition",
}


def _branch(program: _Program, choices: Sequence[Any], flags: int) -> None:
    fork = program.emit("go")
    starts, ends = [], []
    for choice in choices:
        starts.append(len(program.code))
        _sequence(program, list(choice), flags)
        ends.append(program.emit("go"))
    program.code[fork] = ("go", *starts)
    for end in ends:
        program.code[end] = ("go", len(program.code))


def _repeat(program: _Program, least: int, most: int, inner: Any, flags: int, *, greedy: bool) -> None:
    if inner.getwidth()[0] == 0 and most > 1:
        raise _cannot("repeats something that can be empty")
    parts = list(inner)

    def fork(at: int, on: int, out: int) -> None:
        program.code[at] = ("go", on, out) if greedy else ("go", out, on)

    for _ in range(least):
        _sequence(program, parts, flags)
    if int(most) >= _MOST_REPEATS:
        at = program.emit("go")
        _sequence(program, parts, flags)
        program.emit("go", at)
        fork(at, at + 1, len(program.code))
        return
    forks = []
    for _ in range(most - least):
        forks.append(program.emit("go"))
        _sequence(program, parts, flags)
    for at in forks:
        fork(at, at + 1, len(program.code))


def _condition(program: _Program, name: str, flags: int) -> int:
    if name in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
        return _numbered(program, "edge" if name == "AT_BOUNDARY" else "inside", program.number(r"\w", flags))
    if name == "AT_BEGINNING_STRING" or (name == "AT_BEGINNING" and not flags & re.MULTILINE):
        return _numbered(program, "not before", program.number(r"[\s\S]", 0))
    if name == "AT_END_STRING":
        return _numbered(program, "not after", program.number(r"[\s\S]", 0))
    raise _cannot("uses $ or lines", r"Use \Z for the end of the text, and no (?m).")


def _look(program: _Program, name: str, args: Any, flags: int) -> int:
    direction, inner = args
    parts = list(inner)
    if len(parts) != 1 or str(parts[0][0]) not in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
        raise _cannot("looks ahead or back over more than one character")
    number = program.number(_source(str(parts[0][0]), parts[0][1]), flags)
    side = "after" if direction > 0 else "before"
    return _numbered(program, side if name == "ASSERT" else f"not {side}", number)


def _numbered(program: _Program, kind: str, number: int) -> int:
    if (kind, number) not in program.conditions:
        program.conditions.append((kind, number))
    return program.conditions.index((kind, number))


def _source(name: str, args: Any) -> str:
    """One character's part of the pattern, written again."""
    if name == "LITERAL":
        return f"\\U{args:08x}"
    if name == "NOT_LITERAL":
        return f"[^\\U{args:08x}]"
    if name == "ANY":
        return "."
    listed = ""
    for op, value in args:
        kind = str(op)
        if kind == "NEGATE":
            listed += "^"
        elif kind == "LITERAL":
            listed += f"\\U{value:08x}"
        elif kind == "RANGE":
            listed += f"\\U{value[0]:08x}-\\U{value[1]:08x}"
        else:
            listed += _SETS[str(value)]
    return f"[{listed}]"


def _classes(sets: Sequence[Set]) -> npt.NDArray[np.int64]:
    """Each character's class: those that are in the same sets are one class. Class 0 has the most gaps."""
    if len(sets) > 62:
        raise _cannot("has too many different sets of characters")
    key = np.zeros(0x110000, dtype=np.int64)
    for number, result in enumerate(sets):
        key |= result.astype(np.int64) << number
    # A half of a surrogate pair is never met; as part of its neighbour's class it costs no range of its own.
    key[0xD800:0xE000] = key[0xD7FF]
    values, inverse = np.unique(key, return_inverse=True)
    if len(values) > MOST_CLASSES:
        raise _cannot("distinguishes too many classes of characters")
    changes = np.flatnonzero(np.diff(inverse)) + 1
    starts = np.bincount(inverse[np.concatenate([[0], changes])], minlength=len(values))
    order = np.argsort(-starts, kind="stable")
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return rank[inverse.reshape(-1)]


def _determinised(program: _Program, classes: npt.NDArray[np.int64]) -> dict[str, Any]:
    count = int(classes.max()) + 1
    samples = [int(np.flatnonzero(classes == number)[0]) for number in range(count)]
    # Whether a class is in a set; the last column is for the beginning and the end of the text, which are in none.
    member = [[bool(result[point]) for point in samples] + [False] for result in program.sets]
    tests: dict[str, Callable[[bool, bool], bool]] = {
        "edge": lambda before, after: before != after,
        "inside": lambda before, after: before == after,
        "before": lambda before, _: before,
        "after": lambda _, after: after,
        "not before": lambda before, _: not before,
        "not after": lambda _, after: not after,
    }
    looked = sorted({number for _, number in program.conditions})

    def mark(of: int) -> tuple[bool, ...]:
        """What the conditions can still tell about the character before."""
        return tuple(member[number][of] for number in looked)

    def threads(held: tuple[int, ...], before: tuple[bool, ...], after: int) -> tuple[list[int], bool]:
        """The sets that stand next, by priority, and whether a match comes before all that is left out."""
        result: list[int] = []
        seen: set[int] = set()
        stack = list(reversed(held))
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            kind, *rest = program.code[at]
            if kind == "match":
                return result, True
            if kind == "set":
                result.append(at)
            elif kind == "go":
                stack += reversed(rest)
            else:
                name, number = program.conditions[rest[0]]
                if tests[name](before[looked.index(number)], member[number][after]):
                    stack.append(at + 1)
        return result, False

    states: dict[tuple[tuple[int, ...], tuple[bool, ...]], int] = {}
    waiting: list[tuple[tuple[int, ...], tuple[bool, ...]]] = []

    def number_of(held: tuple[int, ...], before: tuple[bool, ...]) -> int:
        if (held, before) not in states:
            if len(states) >= MOST_STATES:
                raise _cannot("needs too many states")
            states[held, before] = len(states)
            waiting.append((held, before))
        return states[held, before]

    starts = [number_of((0,), mark(before)) for before in range(count + 1)]
    rows: list[list[int]] = []
    for held, before in waiting:  # grows while it is gone through
        row = []
        for after in range(count + 1):
            result, matched = threads(held, before, after)
            on = tuple(dict.fromkeys(at + 1 for at in result if member[program.code[at][1]][after]))
            row.append(2 * (number_of(on, mark(after)) + 1 if on else 0) + matched)
        rows.append(row)
    return {"starts": starts, "next": rows}


def _cannot(what: str, fix: str = "Use a simpler token_pattern, such as the default, in training.") -> PackError:
    return refuse(f"Its token_pattern {what}, which the sealed file cannot carry.", fix)
