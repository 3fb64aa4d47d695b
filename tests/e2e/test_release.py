"""`make release`: what it refuses, and that its files are complete and reproducible."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "release.py"
READ = ("pyproject.toml", "CHANGELOG.md", "src/sealift/version.py", "web/app/package.json", "web/app/package-lock.json")


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = _script()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the checks read, the built front end included."""
    for name in READ:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / release.FRONT, tmp_path / release.FRONT)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_this_tree_is_consistent(tree: Path) -> None:
    assert release.versions(tree) == []
    assert release.front_end(tree) == []


@pytest.mark.parametrize("name", ["src/sealift/version.py", "web/app/package.json", "web/app/package-lock.json"])
def test_another_version(tree: Path, name: str) -> None:
    change(tree / name, f'"{release.version(tree)}"', '"9.9.9"')
    assert [name in problem and "9.9.9" in problem for problem in release.versions(tree)] == [True]


def test_changelog(tree: Path) -> None:
    right = release.version(tree)
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n- One.\n")
    assert release.changelog(tree) == [f"CHANGELOG.md has no heading '## {right} (YYYY-MM-DD)'."]
    (tree / "CHANGELOG.md").write_text(f"# Changelog\n\n## {right} (2026-12-01)\n\n## 0.0.1 (2026-01-01)\n- One.\n")
    assert release.changelog(tree) == [f"CHANGELOG.md says nothing of {right}."]
    (tree / "CHANGELOG.md").write_text(f"# Changelog\n\n## {right} (2026-12-01)\n- One.\n")
    assert release.changelog(tree) == []


def test_without_the_front_end(tree: Path) -> None:
    shutil.rmtree(tree / release.FRONT)
    assert release.front_end(tree) == ["The front end is not built: run `make web`."]


def test_a_changed_front_end(tree: Path) -> None:
    (tree / release.FRONT / "ui.css").write_text("")
    assert release.front_end(tree) == [f"{release.FRONT}/ui.css is not what was built: run `make web`."]


def test_a_front_end_of_other_packages(tree: Path) -> None:
    path = tree / release.FRONT / "front.json"
    listed = json.loads(path.read_text())
    path.write_text(json.dumps({**listed, "versions": {"svelte": "1.0.0"}, "bundled": [*listed["bundled"], "uplot"]}))
    first, second = release.front_end(tree)
    assert "built with svelte 1.0.0" in first
    assert "lacks the licence of uplot" in second


def test_licences_of_all_that_is_in_the_page() -> None:
    folder = ROOT / release.FRONT
    listed = json.loads((folder / "front.json").read_text())
    notices = (folder / "notices.txt").read_text()
    assert {"onnxruntime-web", "svelte"} <= set(listed["bundled"])
    for licence in ("MIT License", "Apache License", "Mozilla Public License Version 2.0", "Boost Software License"):
        assert licence in notices
    for holder in ("Google Inc", "The RE2 Authors", "Emscripten authors", "Niels Lohmann", "Svelte", "Luke Edwards"):
        assert holder in notices


def test_draft(tmp_path: Path) -> None:
    """Both files are built, twice and from the sdist, with the same bytes; the index would take their metadata."""
    done = subprocess.run(
        [sys.executable, SCRIPT, "--draft", "--out", tmp_path], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^[0-9a-f]{64}  sealift-", done.stdout, re.MULTILINE)) == 2
    assert done.stdout.count("PASSED") == 2
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("docs/errors.md", "spec/SEAL.md", "src/sealift/front/built/front.json", "web/app/package-lock.json"):
        assert needed in names
    assert not any("node_modules" in name for name in names)


def test_no_release_of_an_unreleased_version(tree: Path) -> None:
    """The script says all that is missing at once, and builds nothing."""
    shutil.copytree(ROOT / "tools", tree / "tools")
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n")
    shutil.rmtree(tree / release.FRONT)
    done = subprocess.run(
        [sys.executable, tree / "tools" / "release.py"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "The front end is not built" in done.stderr
    assert "CHANGELOG.md has no heading" in done.stderr
    assert not (tree / "dist").exists()
