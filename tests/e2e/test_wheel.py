"""The wheel: what is in it, and that it works where nothing else is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sealift import manual

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "sealift"


def run(*command: str | Path, path: str = "/usr/bin:/bin", timeout: float = 300) -> str:
    """Run a command in an environment that has nothing of the project's."""
    kept = {key: value for key, value in os.environ.items() if key in ("HOME", "TMPDIR", "SSL_CERT_FILE", "LANG")}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**kept, "PATH": path},
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and its core dependencies alone; the path of its bin folder."""
    return _install(wheel, "", tmp_path_factory.mktemp("core"))


def _install(wheel: Path, extra: str, folder: Path) -> Path:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert uv is not None
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "env"], check=True, timeout=60)
    constraints = folder / "constraints.txt"
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    constraints.write_text("\n".join(line.removesuffix(" \\") for line in lines if line[:1].isalnum()))
    command = [uv, "pip", "install", "--quiet", "--python", folder / "env", "-c", constraints, f"{wheel}{extra}"]
    subprocess.run([str(part) for part in command], check=True, timeout=300)
    return folder / "env" / "bin"


def test_manifest(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    pages = {f"sealift/pages/{path.relative_to(ROOT).as_posix()}": path for path in manual.pages().values()}
    assert names == {path.relative_to(SOURCE.parent).as_posix() for path in sources} | set(pages)
    for name, path in pages.items():
        assert zipfile.ZipFile(wheel).read(name) == path.read_bytes()
    front = {name.rpartition("/")[2] for name in names if name.startswith("sealift/front/built/")}
    assert front == {*json.loads((SOURCE / "front/built/front.json").read_text())["files"], "front.json"}
    assert {name.rpartition(".")[2] for name in names} <= {
        "py",
        "typed",
        "json",
        "js",
        "css",
        "html",
        "gz",
        "txt",
        "md",
    }


def test_metadata(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(next(n for n in archive.namelist() if n.endswith("/METADATA"))).decode()
    assert "License-Expression: Apache-2.0" in metadata
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert len(required) == 5, "a new core dependency wants a reason in pyproject.toml and a look at the core's size"


def test_core_is_small_and_has_no_framework(core: Path) -> None:
    site = next(core.parent.glob("lib/python*/site-packages"))
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert size < 150e6, f"the core install has grown to {size / 1e6:.0f} MB"
    for name in ("sklearn", "pandas", "torch", "onnx", "scipy", "pyarrow"):
        assert not (site / name).exists()


def test_the_core_answers_a_sealed_file(core: Path, tmp_path: Path) -> None:
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    import sealift

    X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0] * 10, "b": [1.0, 0.0, 5.0, 2.0] * 10})
    model = LogisticRegression().fit(X, [0, 0, 1, 1] * 10)
    sealed = tmp_path / "small.seal"
    sealift.pack(model, X, name="small", output=sealed)
    X.to_csv(tmp_path / "rows.csv", index=False)
    assert json.loads(run(core / "sealift", "verify", sealed, "--json"))["self_test"]["passed"] is True
    run(core / "sealift", "predict", sealed, tmp_path / "rows.csv", "-o", tmp_path / "answers.csv")
    assert pd.read_csv(tmp_path / "answers.csv")["label"].tolist() == model.predict(X).tolist()
    run(core / "sealift", "app", sealed, "-o", tmp_path / "small.html")
    assert (tmp_path / "small.html").stat().st_size > 4e6


def test_the_error_without_onnx_names_the_extra(core: Path) -> None:
    code = "import sealift\ntry: sealift.pack(None, [[1.0]], name='x')\nexcept sealift.SealiftError as e: print(e)"
    assert "pip install 'sealift[sklearn]'" in run(core / "python", "-c", code)


def test_demo_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """No Node, no make, no clone."""
    bin_folder = _install(wheel, "[demo]", tmp_path)
    chromium = shutil.which("chromium")
    path = f"{Path(chromium).parent}" if chromium else "/nowhere"
    result = json.loads(run(bin_folder / "sealift", "demo", "--out", tmp_path / "demo", "--json", path=path))
    assert Path(result["page"]).stat().st_size < 5.5e6
    if chromium:
        assert result["labels_equal"] == result["browser_rows"] == 569
        assert result["worst_probability"] < 1e-6
        assert result["requests"] == []
    else:
        assert result["skipped"]
