"""Every example of the documentation, run as written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MODULE = re.compile(r"^```python file=(\w+\.py)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NEEDS = re.compile(r"^```python needs=(\w+)$", re.MULTILINE)
_RUN = {"python", "console"}


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(kind, body) for kind, body in _FENCE.findall(page.read_text()) if kind in _RUN]


WITH_MODULES = [page for page in PAGES if _MODULE.search(page.read_text())]
"""Pages that make a package, whose modules are blocks with a file name."""
WITH_EXAMPLES = [page for page in PAGES if blocks(page) and page not in WITH_MODULES]


def test_the_readme_has_examples() -> None:
    assert ROOT / "README.md" in WITH_EXAMPLES


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in _NEEDS.findall(page.read_text()):
        pytest.importorskip(library, reason=f"{library} is not installed: make test-torch")
    monkeypatch.chdir(tmp_path)
    _patients(tmp_path / "patients.csv")
    names: dict[str, object] = {"__name__": "__main__"}
    for kind, body in blocks(page):
        if kind == "python":
            exec(compile(body, str(page), "exec"), names)
        else:
            for line in body.splitlines():
                if line.startswith("$ "):
                    _command(line[2:])


@pytest.mark.parametrize("page", WITH_MODULES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_package_that_a_page_makes(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules and entry points as installed; then the other blocks in one process, and the commands."""
    site = tmp_path / "site"
    (site / "example-1.dist-info").mkdir(parents=True)
    (site / "example-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1\n")
    modules = dict(_MODULE.findall(page.read_text()))
    for name, body in modules.items():
        (site / name).write_text(body)
    points: list[str] = []
    for body in (body for kind, body in _FENCE.findall(page.read_text()) if kind == "toml"):
        for group, declared in tomllib.loads(body)["project"]["entry-points"].items():
            points += [f"[{group}]", *(f"{name} = {value}" for name, value in declared.items())]
    assert points
    (site / "example-1.dist-info" / "entry_points.txt").write_text("\n".join(points))
    path = [str(site), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    path = [str(Path(part).resolve()) for entry in path for part in entry.split(os.pathsep)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    monkeypatch.chdir(tmp_path)
    others = [body for kind, body in blocks(page) if kind == "python" and body not in modules.values()]
    (tmp_path / "tried.py").write_text("\n".join(others))
    done = subprocess.run(
        [sys.executable, "-W", "error", "tried.py"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in "".join(body for kind, body in blocks(page) if kind == "console").splitlines():
        if line.startswith("$ "):
            _command(line[2:])


def _command(line: str) -> None:
    program, *arguments = shlex.split(line)
    assert program == "sealift", line
    done = subprocess.run(
        [sys.executable, "-m", "sealift", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def _patients(path: Path) -> None:
    """The file that the examples call patients.csv."""
    from sklearn.datasets import load_breast_cancer

    load_breast_cancer(as_frame=True).data.head(20).to_csv(path, index=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_the_first_paragraph_names_the_reader(page: Path) -> None:
    _, first, *_ = [part for part in page.read_text().split("\n\n") if part.strip()]
    assert re.match(r"For [a-z]+[ :]", first), first[:80]
