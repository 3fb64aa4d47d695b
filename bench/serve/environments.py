"""A virtual environment for each server, made by uv below build/serve-env from pinned requirements."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FOLDER = ROOT / "build" / "serve-env"
_REQUIREMENTS = Path(__file__).parent / "requirements"
_SECONDS = 900
_SEALIFT = {"sealift": "serve", "sealift-tables": "serve,tables", "sealift-stream": "serve,stream"}
"""The environments with this working tree, and the extras in them."""
_FORBIDDEN = re.compile(r"^(torch|triton|nvidia-c\w+)==", re.MULTILINE)
"""Packages of gigabytes that no server here needs."""


def interpreter() -> str:
    """The Python of all environments: the system's where it is new enough, as distributions build it with
    profile-guided optimization, which pyenv does not: it takes two thirds of the time.
    """
    system = "/usr/bin/python3"
    check = [system, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    if Path(system).exists() and subprocess.run(check, check=False, timeout=60).returncode == 0:
        return system
    return sys.executable


class NotInstalledError(Exception):
    """An environment cannot be made; the message is the reason."""


def environment(name: str) -> Path:
    """The folder of an environment, which is made unless it is there. Raises NotInstalledError."""
    path = _FOLDER / name
    if name in _SEALIFT:
        return _sealift(path, _SEALIFT[name])
    requirements = _REQUIREMENTS / f"{name}.txt"
    text = requirements.read_text()
    if _FORBIDDEN.search(text):
        raise NotInstalledError("its requirements contain CUDA or PyTorch")
    mark = path / "installed"
    digest = hashlib.sha256(text.encode()).hexdigest()
    if not mark.exists() or mark.read_text() != digest:
        _say(f"installing {name} ...")
        shutil.rmtree(path, ignore_errors=True)
        _uv("venv", "--quiet", "--python", interpreter(), str(path))
        _uv(
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            str(path / "bin/python"),
            "-r",
            str(requirements),
        )
        mark.write_text(digest)
    return path


def _sealift(path: Path, extras: str) -> Path:
    """This working tree with extras, in the versions of requirements.lock."""
    _say("installing this working tree ...")
    if not path.exists():
        _uv("venv", "--quiet", "--python", interpreter(), str(path))
    pins = re.findall(r"^[a-z0-9._-]+==[^\\\n]+", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    constraints = _FOLDER / "constraints.txt"
    constraints.write_text("\n".join(pins) + "\n")
    command = ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(path / "bin/python")]
    _uv(*command, "--constraint", str(constraints), "--reinstall-package", "sealift", f"{ROOT}[{extras}]")
    return path


def installed_bytes(path: Path) -> int:
    """Bytes of the files in site-packages of an environment, compiled modules included."""
    (packages,) = path.glob("lib/python*/site-packages")
    return sum(file.stat().st_size for file in packages.rglob("*") if file.is_file() and not file.is_symlink())


def _uv(*arguments: str) -> None:
    command = [str(Path(sys.executable).with_name("uv")), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(str(error)) from None
    if done.returncode:
        raise NotInstalledError(" ".join(done.stderr.split())[-300:])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
