"""The provenance of a sealed model: commit, package versions, digest of the data; no date, path, user or host."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from sealift import canonical
from sealift.frameworks import frameworks
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import as_numbers
from sealift.packing.types import type_packing
from sealift.version import __version__

_PACKAGES = ("numpy", "pandas", "polars", "onnxruntime")  # in addition to those of the frameworks


def provenance(input_rows: InputRows, model: Any) -> dict[str, Any]:
    """The content of provenance.json."""
    kind = type(model)
    return {
        "model": {"type": f"{kind.__module__}.{kind.__qualname__}"},
        "data": {"rows": len(input_rows), "columns": len(input_rows.columns), "sha256": _digest(input_rows)},
        "git": _git(),
        "packages": versions(),
        "platform": {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()},
    }


def versions() -> dict[str, str]:
    """The versions of the packages used."""
    return {"sealift": __version__} | _installed()


@cache  # reading the metadata takes longer than packing a small model
def _installed() -> dict[str, str]:
    versions = {}
    for name in sorted({*_PACKAGES, *(name for framework in frameworks() for name in framework.distributions)}):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def sbom(name: str, version: str, graph: bytes, description: str) -> dict[str, Any]:
    """A CycloneDX 1.6 bill of materials (ECMA-424) of the model and of the packages used."""
    component = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": name,
        "version": version,
        "description": description,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(graph).hexdigest()}],
    }
    libraries = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{key}@{value}",
            "name": key,
            "version": value,
            "purl": f"pkg:pypi/{key}@{value}",
        }
        for key, value in sorted(versions().items())
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component},
        "components": libraries,
        "dependencies": [{"ref": "model", "dependsOn": [library["bom-ref"] for library in libraries]}],
    }


def _digest(input_rows: InputRows) -> str:
    digest = hashlib.sha256()
    for column in input_rows.columns:
        digest.update(canonical.dumps([column.name, column.dtype, len(column.values)]))
        if column.type.feeds == "text":
            digest.update(canonical.dumps(list(column.values)))
        elif column.type.feeds == "stage":
            values: Any = column.values
            digest.update(b"".join(picture.digest for picture in values))
        elif column.type.axes:
            digest.update(type_packing(column.dtype).column(column.values).astype("<f8").tobytes())
        else:
            digest.update(as_numbers(column.values).astype("<f8").tobytes())
    return digest.hexdigest()


def _git() -> dict[str, Any] | None:
    """The state of the repository of the running script; of the current folder for a notebook or a tool."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    own = script is not None and not Path(script).resolve().is_relative_to(Path(sys.prefix).resolve())
    git = ("git", "-C", str(Path(script).resolve().parent if own and script else Path.cwd()))
    commit = _run(*git, "rev-parse", "HEAD")
    if commit is None:
        return None
    # Untracked files are left out, since the sealed file itself would change the flag when packing is repeated.
    changed = _run(*git, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": bool(changed)}


def _run(*command: str) -> str | None:
    try:
        done = subprocess.run(command, start_new_session=True, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
