"""Models pickled by older versions of scikit-learn: each is sealed with the answers that it gave there, or refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn

import sealift
from sealift.errors import SealiftError
from sealift.frameworks.base import Trust
from sealift.frameworks.model_files import open_model
from sealift.frameworks.sklearn.framework import FRAMEWORK

WRITER = Path(__file__).with_name("write_models.py")
# Version → the last Python that has a wheel of it, and the models of write_models.py that do not give the same answers:
# a code where they are refused, "other" where scikit-learn itself answers differently than the older version did.
_LOSSES = dict.fromkeys(("boosting", "boosting-regressor", "hist", "hist-regressor"), "E308")
VERSIONS: dict[str, tuple[tuple[int, int], dict[str, str]]] = {
    "1.3.2": ((3, 12), {**_LOSSES, "imputed": "E305", "forest": "other"}),
    "1.5.2": ((3, 13), {**_LOSSES, "imputed": "E305"}),
    "1.7.2": ((3, 14), {**_LOSSES, "imputed": "E305"}),
}
# A sample in every run, all of them by `make test-pickles`.
CHOSEN = list(VERSIONS) if os.environ.get("SEALIFT_ALL_VERSIONS") else ["1.3.2"]
TYPES = ("sklearn.tree._tree.Tree", "scipy.sparse._csr.csr_matrix")


@pytest.mark.parametrize("version", CHOSEN)
def test_pickles_of(version: str, tmp_path: Path) -> None:
    last_python, exceptions = VERSIONS[version]
    if sys.version_info[:2] > last_python:
        pytest.skip(f"scikit-learn {version} has no wheel for this Python")
    if not sklearn.__version__.startswith("1.9."):
        pytest.skip("the outcomes above are those of scikit-learn 1.9")
    given = _written(version, tmp_path)
    assert given["sklearn"] == version
    outcomes = {}
    for path in sorted(tmp_path.glob("*.pkl")):
        outcomes[path.stem] = _outcome(path, given, Trust(pickle=True))
    assert len(outcomes) == len(given["answers"]) > 20
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "same"} == exceptions
    for name in ("logistic", "forest", "text"):
        outcome = _outcome(tmp_path / f"{name}.skops", given, Trust(types=TYPES))
        assert outcome == exceptions.get(name, "same"), name


def _written(version: str, folder: Path) -> dict[str, Any]:
    """Write the models in an environment of that version; what the models answered there."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert uv is not None
    python = folder / "env" / "bin" / "python"
    _run(uv, "venv", "--quiet", "--python", sys.executable, folder / "env")
    install = (uv, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", python)
    _run(*install, f"scikit-learn=={version}", "skops")
    _run(python, WRITER, folder)
    given: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    return given


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def _outcome(path: Path, given: dict[str, Any], trust: Trust) -> str:
    name = path.stem
    table = given["rows"][name]
    rows = given["tables"][table]
    X = rows if table == "TEXTS" else np.array(rows, dtype=object if table == "MIXED" else np.float64)
    expected = np.array(given["answers"][name])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = open_model(path, trust)
            packed = sealift.pack(
                model, X, name=name, output=path.with_suffix(".seal"), proof=sealift.ProofOptions(engines=("native",))
            )
            sealed = packed.load()
            answers = sealed.predict(X)
        except SealiftError as error:
            return error.code if error.fix else "no remedy"
    # Packing such a model reports both versions.
    assert any(FRAMEWORK.version_note(warning.message) for warning in caught)
    got = np.asarray(answers["value" if "value" in answers else "label"])
    if np.allclose(got, expected, rtol=1e-9, atol=1e-12):
        return "same"
    np.testing.assert_allclose(got, model.predict(X), rtol=1e-9, atol=1e-12)
    return "other"
