"""MLflow's own client, unmodified, against the server: predictions of data frames, and errors.

The package is too large for the locked environment: `tools/setup.sh mlflow` puts it into a folder of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import seals
from sealift import load
from servers import Running, serving

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".mlflow"
FRAME = pd.DataFrame(
    {"age": [61.5, None, 40.0, 119.0], "weight": [80.0, 70.25, 55.5, 250.0], "sex": ["f", "m", "m", "f"]}
)
CLIENT = """
import json, sys, warnings
import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

client = ScoringServerClient(*sys.argv[1].split(":"))
client.wait_server_ready()
frame = pd.read_json(sys.stdin, orient="split")
shown = {"version": client.get_version()}
shown["frame"] = client.invoke(frame).get_predictions(predictions_format="ndarray").tolist()
records = json.loads(frame.dropna().to_json(orient="records"))
shown["records"] = client.invoke(records).get_predictions(predictions_format="ndarray").tolist()
try:
    client.invoke(frame.assign(sex="other"))
except Exception as error:
    shown["error"] = str(error)
print(json.dumps(shown))
"""
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="MLflow's client is not installed: tools/setup.sh mlflow")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seals.write(tmp_path_factory.mktemp("mlflow") / "tiny.seal")


@pytest.fixture(scope="module")
def server(sealed: Path) -> Iterator[Running]:
    with serving(str(sealed)) as running:
        yield running


def test_data_frames_records_and_errors(server: Running, sealed: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(FOLDER), "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLIENT, server.address],
        input=FRAME.to_json(orient="split"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    labels = load(sealed).predict(FRAME)["label"].tolist()
    assert shown["frame"] == labels
    assert shown["records"] == [labels[i] for i in FRAME.dropna().index]
    assert len(set(labels)) == 2
    assert "error code 400" in shown["error"]
    assert "R104" in shown["error"]
