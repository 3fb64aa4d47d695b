"""No file of the package imports itself by way of others, imports in functions and for type checking included."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import sealift

ROOT = Path(sealift.__file__).parents[1]


def modules(root: Path) -> dict[str, Path]:
    """Module name → file, of the package `sealift` below `root`."""
    paths = {}
    for path in sorted((root / "sealift").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return paths


def imports(files: Mapping[str, Path]) -> dict[str, set[str]]:
    """Module → the modules of the package that its import statements name, wherever in the file they stand."""
    return {name: _named(name, path, files) - {name} for name, path in files.items()}


def _named(module: str, path: Path, files: Mapping[str, Path]) -> set[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            # `from package import name` reads the file of the module `name`, or that of the package itself.
            imported |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in files else base for alias in node.names}
    return imported & files.keys()


def components(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected components (Tarjan, 1972)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    result: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(edges[node]):
            if other not in number:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            start = stack.index(node)
            result.append(sorted(stack[start:]))
            del stack[start:]

    for node in edges:
        if node not in number:
            visit(node)
    return result


def test_no_import_cycle() -> None:
    edges = imports(modules(ROOT))
    assert len(edges) > 250
    assert sum(len(named) for named in edges.values()) > 1000
    assert [component for component in components(edges) if len(component) > 1] == []
    tuple(TopologicalSorter(edges).static_order())


@pytest.mark.parametrize(
    "second",
    ["from sealift import a", "import sealift.a", "from sealift.a import x", "from . import a", "from .a import x"],
)
@pytest.mark.parametrize(
    "place", ["{}", "def f():\n    {}", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {}"]
)
def test_cycles_are_found_for_imports_anywhere(tmp_path: Path, second: str, place: str) -> None:
    package = tmp_path / "sealift"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "a.py").write_text("from sealift.b import y\nx = 1\n", encoding="utf-8")
    (package / "b.py").write_text(place.format(second) + "\ny = 2\n", encoding="utf-8")
    edges = imports(modules(tmp_path))
    assert ["sealift.a", "sealift.b"] in components(edges)
    with pytest.raises(CycleError):
        TopologicalSorter(edges).prepare()
