"""The mutants of a source file: copies with one small change each.

mutmut 3 itself changes undecorated functions only, and runs pytest anew for each group of tests; here properties and
the constants of modules are changed too, so its operators are used as a library.

Nothing is changed in annotations, decorators, imports, `__all__`, docstrings, type aliases, blocks for type checkers,
the arguments of `len` and `isinstance`, and in words for people: f-strings, and strings with a space.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider, WhitespaceInclusivePositionProvider

from bench.mutation.operators import changed, is_left_out

_UNCHANGED = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
_UNCHANGED_CALLS = {"len", "isinstance", "cast", "TypeVar"}


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        path: the file, relative to the root of the repository.
        function: the function, method or class that holds the change, with dots; "" for the module.
        line: the first line of the statement that is changed, from 1.
        last: the last line of the changed expression.
        was: the changed lines on one line.
        becomes: what stands in their place.
        occurrence: how many mutants before it in the file have the same function, `was` and `becomes`.
        start: where the change begins in the text of the file.
        end: where it ends.
        text: what stands in its place.
    """

    path: str
    function: str
    line: int
    last: int
    was: str
    becomes: str
    occurrence: int
    start: int
    end: int
    text: str

    @property
    def key(self) -> str:
        """An identity that outlives changes elsewhere in the file."""
        parts = (self.path, self.function, self.was, self.becomes, str(self.occurrence))
        return sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def rank(self) -> str:
        """An order that has nothing to do with what the mutant is."""
        return sha256(self.key.encode()).hexdigest()

    def applied(self, source: str) -> str:
        """The file's text with the change."""
        return source[: self.start] + self.text + source[self.end :]


def mutants_of(root: Path, path: str) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    source = (root / path).read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    changes = _Changes()
    wrapper.visit(changes)
    code = wrapper.module.code_for_node
    lines = source.splitlines(keepends=True)
    starts = list(accumulate(map(len, lines), initial=0))
    count: dict[tuple[str, str, str], int] = {}
    for change in sorted(changes.listed, key=lambda change: change.line):
        start, end = (starts[place.line - 1] + place.column for place in (change.span.start, change.span.end))
        text = code(change.becomes)
        # Inside brackets the code of a node lacks the indentation of its block, which means nothing there.
        assert source[start:end].split() == code(change.node).split(), path
        if source[start:end].split() == text.split():
            continue
        first, last = change.span.start.line - 1, change.span.end.line
        was = _joined(source[starts[first] : starts[last]])
        becomes = _joined(source[starts[first] : start] + text + source[end : starts[last]])
        key = change.function, was, becomes
        count[key] = count.get(key, -1) + 1
        yield Mutant(path, change.function, change.line, last, was, becomes, count[key], start, end, text)


def _joined(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True)
class _Change:
    function: str
    line: int
    span: CodeRange
    node: cst.CSTNode
    becomes: cst.CSTNode


class _Changes(cst.CSTVisitor):  # type: ignore[misc]
    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[_Change] = []
        self._scopes: list[str] = []
        self._statements: list[int] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_out(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scopes.append(node.name.value)
        if isinstance(node, cst.BaseStatement):
            self._statements.append(self.get_metadata(PositionProvider, node).start.line)
        span = self.get_metadata(WhitespaceInclusivePositionProvider, node, None)
        if isinstance(span, CodeRange):
            for becomes in changed(node):
                self.listed.append(_Change(".".join(self._scopes), self._statements[-1], span, node, becomes))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._scopes.pop()
        if isinstance(original_node, cst.BaseStatement) and not _is_left_out(original_node):
            self._statements.pop()


def _is_left_out(node: cst.CSTNode) -> bool:
    match node:
        case cst.SimpleString(value=value):
            return " " in value or '"""' in value
        case cst.If(test=cst.Name(value="TYPE_CHECKING")):
            return True
        case cst.AnnAssign(annotation=cst.Annotation(annotation=cst.Name(value="TypeAlias"))):
            return True
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value="__all__"))]):
            return True
        case cst.Call(func=cst.Name(value=name)):
            return name in _UNCHANGED_CALLS
    return isinstance(node, _UNCHANGED) or is_left_out(node)
