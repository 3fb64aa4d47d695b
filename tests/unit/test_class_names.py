"""A public class name has one meaning: no two modules define a class with the same name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import sealift

ROOT = Path(sealift.__file__).parent
PERMITTED = {
    # A booster that was loaded from its library's own file, with the methods of an estimator.
    "NativeModel": {"frameworks/lightgbm/native.py", "frameworks/xgboost/native.py"},
}


def duplicates(root: Path) -> dict[str, set[str]]:
    """Public class name → the files below `root` that define a class with it, if there are several."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                files[node.name].append(path.relative_to(root).as_posix())
    return {name: set(paths) for name, paths in files.items() if len(paths) > 1}


def test_class_names_are_unique() -> None:
    repeated = {name: paths for name, paths in duplicates(ROOT).items() if paths != PERMITTED.get(name)}
    assert repeated == {}


def test_duplicates_are_found(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_text("class Same: ...\nclass A: ...\nclass _Private: ...\n", encoding="utf-8")
    (tmp_path / "inner" / "b.py").write_text(
        "if True:\n    class Same: ...\nclass B: ...\nclass _Private: ...\n", encoding="utf-8"
    )
    assert duplicates(tmp_path) == {"Same": {"a.py", "inner/b.py"}}
