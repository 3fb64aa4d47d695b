"""The servers that are compared: how each is started, asked and understood."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.serve.load import Work
from bench.serve.models import NAME, Prepared, credentials

APPS = Path(__file__).parent / "apps"
Rows = Sequence[Mapping[str, Any]]
WORKERS = 2


@dataclass(frozen=True)
class Start:
    """How a server is started.

    Attributes:
        command: the program, a path relative to `bin` of its environment, and its arguments.
        folder: where it is started.
        variables: further environment variables.
    """

    command: Sequence[str]
    folder: Path = APPS
    variables: Mapping[str, str] | None = None


Starter = Callable[[Path, Path, int, int], Start]
"""Given the environment, the folder of the model, the port and the number of workers."""


@dataclass(frozen=True)
class Peer:
    """A server.

    Attributes:
        name: for `--only`.
        title: for the tables.
        environment: the name of its environment.
        start: its start.
        path: the target of a request for rows.
        body: the value of JSON for rows.
        answers: the probabilities of the second class for all rows, given the value of JSON of the response.
        many: the target of requests with many rows, where it is another one; None where it has none.
        kinds: the tables of `bench.serve.models` that it serves.
    """

    name: str
    title: str
    environment: str
    start: Starter
    path: str
    body: Callable[[Rows], Any]
    answers: Callable[[Any], list[float]]
    many: str | None = None
    kinds: Sequence[str] = ("numeric",)

    def work(self, prepared: Prepared, count: int) -> Work:
        """Requests of one row each."""
        bodies = [json.dumps(self.body([row])).encode() for row in prepared.rows[:count]]
        return Work(self.path, {"Content-Type": "application/json"} | self.headers(prepared.folder), bodies)

    def headers(self, folder: Path) -> dict[str, str]:
        """What a request needs beside the type of its content."""
        return credentials(folder) if self.name == "sealift" else {}


def _one(rows: Rows) -> Any:
    return rows[0]


def _listed(rows: Rows) -> list[list[Any]]:
    return [list(row.values()) for row in rows]


def _second(reply: Any) -> list[float]:
    """The probabilities of one answer, or of a list of answers, in the form of the programs in `apps`."""
    return [each["probability"][1] for each in (reply if isinstance(reply, list) else [reply])]


def _tensor(name: str, outputs: Sequence[str]) -> Callable[[Rows], Any]:
    def body(rows: Rows) -> Any:
        data = [value for row in _listed(rows) for value in row]
        tensor = {"name": name, "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": data}
        return {"inputs": [tensor], "outputs": [{"name": output} for output in outputs]}

    return body


def _of_tensors(output: str) -> Callable[[Any], list[float]]:
    def answers(reply: Any) -> list[float]:
        (data,) = [each["data"] for each in reply["outputs"] if each["name"] == output]
        return list(data[1::2])

    return answers


def _app(command: Sequence[str]) -> Starter:
    """A program of `apps`; `{port}` and `{workers}` in the command are replaced."""

    def start(_: Path, model: Path, port: int, workers: int) -> Start:
        variables = {"BENCH_MODEL": str(model), "BENCH_PORT": str(port)}
        return Start([part.format(port=port, workers=workers) for part in command], variables=variables)

    return start


def _uvicorn(app: str) -> Starter:
    options = [
        "--workers",
        "{workers}",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    return _app(["uvicorn", app, "--host", "127.0.0.1", "--port", "{port}", *options])


def _sealift(_: Path, model: Path, port: int, workers: int) -> Start:
    for file in model.glob("records.db*"):
        file.unlink()
    return Start(["sealift", "serve", "serve.toml", "--port", str(port), "--workers", str(workers)], model)


def _mlflow(environment: Path, model: Path, port: int, workers: int) -> Start:
    folder = model / "mlflow"
    if not folder.exists():
        code = (
            "import sys, joblib, mlflow.sklearn as m; "
            "m.save_model(joblib.load(sys.argv[1]), sys.argv[2], pyfunc_predict_fn='predict_proba', "
            "serialization_format='cloudpickle')"
        )
        command = [str(environment / "bin/python"), "-c", code, str(model / "model.joblib"), str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    address = ["--host", "127.0.0.1", "--port", str(port)]
    command = [
        "mlflow",
        "models",
        "serve",
        "--model-uri",
        str(folder),
        "--env-manager",
        "local",
        "--workers",
        str(workers),
    ]
    return Start([*command, *address], model)


def _mlserver(_: Path, model: Path, port: int, workers: int) -> Start:
    folder = model / "mlserver"
    folder.mkdir(exist_ok=True)
    settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": port + 1, "metrics_port": port + 2}
    settings |= {"parallel_workers": workers, "debug": False}
    (folder / "settings.json").write_text(json.dumps(settings))
    served = {
        "name": NAME,
        "implementation": "mlserver_sklearn.SKLearnModel",
        "max_batch_size": 64,
        "max_batch_time": 0.001,
        "parameters": {"uri": str(model / "model.joblib")},
    }
    (folder / "model-settings.json").write_text(json.dumps(served))
    return Start(["mlserver", "start", str(folder)], folder)


def _classes(reply: Any) -> list[float]:
    return [list(each["probability"].values())[1] for each in reply["answers"]]


PEERS = (
    Peer(
        "sealift",
        "Sealift",
        "sealift",
        _sealift,
        f"/v1/models/{NAME}/predict",
        _one,
        _classes,
        many=f"/v1/models/{NAME}/predict",
        kinds=("numeric", "mixed"),
    ),
    Peer(
        "granian",
        "bare loop: granian RSGI, onnxruntime",
        "granian",
        _app(
            [
                *(
                    "granian",
                    "--interface",
                    "rsgi",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    "{port}",
                    "--workers",
                    "{workers}",
                ),
                *("--loop", "uvloop", "--no-access-log", "--log-level", "warning", "granian_onnx:app"),
            ]
        ),
        "/predict",
        _one,
        _second,
        many="/predict_rows",
    ),
    Peer(
        "fastapi-onnx",
        "FastAPI, onnxruntime, tuned",
        "fastapi-onnx",
        _uvicorn("fastapi_onnx:app"),
        "/predict",
        _one,
        _second,
        many="/predict_rows",
    ),
    Peer(
        "fastapi-joblib",
        "FastAPI, joblib",
        "fastapi-joblib",
        _uvicorn("fastapi_joblib:app"),
        "/predict",
        _one,
        _second,
        many="/predict_rows",
        kinds=("numeric", "mixed"),
    ),
    Peer(
        "mlflow",
        "MLflow",
        "mlflow",
        _mlflow,
        "/invocations",
        lambda rows: {"inputs": _listed(rows)},
        lambda reply: [each[1] for each in reply["predictions"]],
        many="/invocations",
    ),
    Peer(
        "bentoml",
        "BentoML, batching",
        "bentoml",
        _app(["bentoml", "serve", "bento_service:Model", "--host", "127.0.0.1", "--port", "{port}"]),
        "/predict",
        lambda rows: {"rows": list(rows)},
        _second,
        many="/predict",
    ),
    Peer(
        "mlserver",
        "MLServer, batching",
        "mlserver",
        _mlserver,
        f"/v2/models/{NAME}/infer",
        _tensor("x", ["predict_proba"]),
        _of_tensors("predict_proba"),
        many=f"/v2/models/{NAME}/infer",
    ),
    Peer("litserve", "LitServe, batching", "litserve", _app(["python", "litserve_app.py"]), "/predict", _one, _second),
    Peer("ray", "Ray Serve", "ray", _app(["python", "ray_app.py"]), "/predict", _one, _second),
    Peer(
        "triton",
        "Triton by PyTriton, batching",
        "triton",
        _app(["python", "triton_app.py"]),
        f"/v2/models/{NAME}/infer",
        _tensor("number", ["label", "probability"]),
        _of_tensors("probability"),
    ),
)
