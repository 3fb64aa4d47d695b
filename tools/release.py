"""Build the files of a release: `make release` writes the sdist and the wheel to dist/, after these checks.

One version everywhere, with its heading in CHANGELOG.md; the front end built of the locked packages, with the licence
of each; a clean work tree; metadata as the package index wants it. Both files are functions of the commit: built twice
they have the same bytes, and the wheel made from the sdist is the same as the one made from the tree.

`--draft` leaves out what only a release has: the heading of the version and the clean work tree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FRONT = Path("src/sealift/front/built")


def main() -> int:
    """Check, build and list; the exit code."""
    parser = argparse.ArgumentParser(description="Build the files of a release.")
    parser.add_argument("--draft", action="store_true", help="leave out the changelog and the clean tree")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    problems = [*versions(ROOT), *front_end(ROOT)]
    if not options.draft:
        problems += [*changelog(ROOT), *work_tree(ROOT)]
    if problems:
        print("No release:", *(f"- {problem}" for problem in problems), sep="\n", file=sys.stderr)
        return 1
    built = build(options.out)
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, built)], check=True)
    for path in built:
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}  {path.stat().st_size:,} bytes")
    return 0


def version(root: Path) -> str:
    """The version in pyproject.toml, which all others must be equal to."""
    return str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"])


def versions(root: Path) -> list[str]:
    """Where another version stands than in pyproject.toml."""
    right = version(root)
    module = re.search(r'^__version__ = "(.+)"$', (root / "src/sealift/version.py").read_text(), re.MULTILINE)
    lock = json.loads((root / "web/app/package-lock.json").read_text())
    by_place = {
        "src/sealift/version.py": module and module[1],
        "web/app/package.json": json.loads((root / "web/app/package.json").read_text())["version"],
        "web/app/package-lock.json": lock["version"],
        'web/app/package-lock.json, packages[""]': lock["packages"][""]["version"],
    }
    return [
        f"{place} has version {value}, pyproject.toml {right}." for place, value in by_place.items() if value != right
    ]


def changelog(root: Path) -> list[str]:
    """What CHANGELOG.md lacks: a heading of the version with its date, and something below it."""
    text, right = (root / "CHANGELOG.md").read_text(), version(root)
    section = re.search(
        rf"^## {re.escape(right)} \(\d{{4}}-\d\d-\d\d\)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    if section is None:
        return [f"CHANGELOG.md has no heading '## {right} (YYYY-MM-DD)'."]
    return [] if re.search(r"^- ", section[1], re.MULTILINE) else [f"CHANGELOG.md says nothing of {right}."]


def front_end(root: Path) -> list[str]:
    """What is wrong with the built front end: missing, changed, of other packages than locked, without a licence."""
    folder = root / FRONT
    if not (folder / "front.json").is_file():
        return ["The front end is not built: run `make web`."]
    listed = json.loads((folder / "front.json").read_text())
    problems = []
    for name, entry in listed["files"].items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            problems.append(f"{FRONT / name} is not what was built: run `make web`.")
    locked = json.loads((root / "web/app/package-lock.json").read_text())["packages"]
    notices = (folder / "notices.txt").read_text()
    for name, built in listed["versions"].items():
        if locked[f"node_modules/{name}"]["version"] != built:
            problems.append(
                f"The front end was built with {name} {built}, which is not the locked one: run `make web`."
            )
    for name in listed["bundled"]:
        if not re.search(rf"^{re.escape(name)} ", notices, re.MULTILINE):
            problems.append(f"{FRONT}/notices.txt lacks the licence of {name}, which is in the page.")
    return problems


def work_tree(root: Path) -> list[str]:
    """Whether files differ from the commit that the release is of."""
    changed = _git(root, "status", "--porcelain")
    return [f"Files are not committed: {', '.join(line[3:] for line in changed.splitlines()[:5])}."] if changed else []


def build(out: Path) -> list[Path]:
    """Build the sdist and the wheel twice, and the wheel from the sdist, and compare. The paths of both files."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        first, second, third = (Path(scratch) / name for name in ("first", "second", "third"))
        _hatch(ROOT, first)
        _hatch(ROOT, second)
        sdist = next(first.glob("*.tar.gz"))
        with tarfile.open(sdist) as archive:
            archive.extractall(Path(scratch) / "unpacked", filter="data")
        _hatch(next((Path(scratch) / "unpacked").iterdir()), third, "wheel")
        for name in sorted(path.name for path in first.iterdir()):
            for other in (second, third):
                if (other / name).exists() and (other / name).read_bytes() != (first / name).read_bytes():
                    where = "a second time" if other is second else "from the sdist"
                    raise SystemExit(f"{name} has other bytes when it is built {where}.")
        wheel = next(first.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        for needed in ("sealift/front/built/front.json", "sealift/front/built/notices.txt", "licenses/LICENSE"):
            if not any(name.endswith(needed) for name in names):
                raise SystemExit(f"{wheel.name} lacks {needed}.")
        built = [out / wheel.name, out / sdist.name]
        for path in built:
            path.write_bytes((first / path.name).read_bytes())
    return built


def _hatch(root: Path, out: Path, *targets: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    for target in targets or ("sdist", "wheel"):
        command += ["-t", target]
    # The time of each file in both archives: that of the commit.
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _git(ROOT, "log", "-1", "--format=%ct") or "1580601600"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
