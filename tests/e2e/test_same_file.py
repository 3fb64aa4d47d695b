"""The same input makes the same file, byte for byte, in another process, place, time zone and locale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """
import sys
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
import sealift
from sealift.runtime.engines import wasm
wasm.node = lambda: None
random = np.random.default_rng(0)
X = pd.DataFrame({"a": random.normal(size=150), "b": random.normal(size=150)})
X["k"] = random.choice(["x", "y", "z", "é"], 150).astype(object)
X.loc[::9, "a"] = np.nan
X.loc[::11, "k"] = None
encode = make_column_transformer((SimpleImputer(), ["a", "b"]), (OneHotEncoder(handle_unknown="ignore"), ["k"]))
model = make_pipeline(encode, RandomForestClassifier(5, random_state=0)).fit(X, X["b"] > 0)
for keep in (False, True):
    kept = sealift.PrivacyOptions(keep_rows=keep)
    made = sealift.pack(model, X, X["b"] > 0, name="same", output=sys.argv[1], privacy=kept, card={"author": "ä"})
    print(made.identity)
"""


def test_the_same_input_is_the_same_file_in_another_process(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    running = []
    for i, extra in enumerate(
        ({"PYTHONHASHSEED": "1", "TZ": "UTC"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C"})
    ):
        folder = tmp_path / f"place {i}"
        folder.mkdir()
        environment = {**os.environ, **extra, "OMP_NUM_THREADS": str(i + 1)}
        command: list[Any] = [sys.executable, script, folder / "same.seal"]
        running.append(
            (subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True), folder)
        )
    results = [(made.communicate()[0], (folder / "same.seal").read_bytes()) for made, folder in running]
    assert all(made.returncode == 0 for made, _ in running)
    assert results[0] == results[1]
    first, second = results[0][0].split()
    assert first != second
