"""`sealift serve --on ray` on two nodes, one of which is killed while requests are answered."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

import exports
import seals
from sealift.client import Client
from two_nodes import TwoNodes

ROWS = [{"age": float(20 + i), "weight": 50.0 + i, "sex": "fm"[i % 2]} for i in range(60)]
EXPECTED = [seals.risk(row["age"], row["weight"], row["sex"]) for row in ROWS]  # type: ignore[arg-type]


def started(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The object that `sealift serve --json` prints when it is ready."""
    assert process.stdout is not None
    lines = list(iter(process.stdout.readline, "}\n"))
    if not lines or lines[-1] == "":
        raise AssertionError(process.communicate()[1])
    told: dict[str, Any] = json.loads("".join([*lines, "}"]))
    return told


def replicas(session: Path) -> dict[str, int]:
    """The number of predictions in the log of each replica."""
    replicas_of = {}
    for path in session.glob("logs/serve/replica_tiny_models_*.log"):
        replicas_of[path.stem] = len(re.findall(r"POST / 200", path.read_text()))
    return replicas_of


def nodes_of_replicas() -> set[int]:
    """The processes of the nodes that have a replica."""
    replicas_of = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::ServeReplica:tiny:models"):
                replicas_of.add(process.ppid())
    return replicas_of


def raylet(node: Any) -> int:
    """The process of a node."""
    number: int = node.all_processes["raylet"][0].process.pid
    return number


class Load:
    """Clients that send one row after the other until they are stopped."""

    def __init__(self, url: str, clients: int) -> None:
        self.outcomes: Counter[str] = Counter()
        self._url = url
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,)) for i in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self, first: int) -> None:
        at = first
        with Client(self._url, timeout=60) as client:
            while not self._stopped.is_set():
                at = (at + 1) % len(ROWS)
                try:
                    answered = client.predict("tiny", ROWS[at]).answers[0]
                    assert answered is not None
                    right = abs(answered["probability"]["ill"] - EXPECTED[at]) < 1e-9
                    self.outcomes["right" if right else "wrong"] += 1
                except Exception as error:
                    self.outcomes[getattr(error, "code", type(error).__name__)] += 1

    def wait(self, answers: int, seconds: float = 120) -> None:
        """Wait for this many more right answers."""
        until, goal = time.monotonic() + seconds, self.outcomes["right"] + answers
        while self.outcomes["right"] < goal:
            assert time.monotonic() < until, self.outcomes
            time.sleep(0.05)

    def stop(self) -> Counter[str]:
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=90)
        return self.outcomes


def test_a_node_is_killed_under_load(nodes: TwoNodes, tmp_path: Path) -> None:
    model = seals.write(tmp_path / "tiny.seal")
    process = nodes.command("serve", model, "--on", "ray", "--port", "0", "--workers", "2", "--json")
    try:
        told = started(process)
        assert told["ok"] is True, told
        assert told["models"][0]["examples"] == len(seals.ROWS)
        session = Path(nodes.cluster.head_node.get_session_dir_path())
        load = Load(told["url"], clients=4)
        try:
            load.wait(200)
            before = replicas(session)
            assert len(before) == 2
            assert nodes_of_replicas() == {raylet(nodes.cluster.head_node), raylet(nodes.second)}
            assert min(before.values()) > 20, before  # both nodes answer
            nodes.cluster.remove_node(nodes.second, allow_graceful=False)
            load.wait(200)
            # The head has room for two replicas; Ray starts the second one there.
            until = time.monotonic() + 120
            while len(replicas(session)) < 3:
                assert time.monotonic() < until, replicas(session)
                time.sleep(0.5)
            load.wait(100)
        finally:
            outcomes = load.stop()
        assert outcomes["wrong"] == 0
        # Only requests that the killed node had at that moment fail, at most one of each client.
        assert sum(outcomes.values()) - outcomes["right"] <= 4, outcomes
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def test_a_model_that_fails_its_examples_is_not_served(nodes: TwoNodes, tmp_path: Path) -> None:
    model = seals.write(tmp_path / "tiny.seal", answers=[0.5, 0.5, 0.5, 0.5])
    process = nodes.command("serve", model, "--on", "ray", "--port", "0", "--json")
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert json.loads(printed)["error"]["code"] == "E703"


@pytest.mark.filterwarnings("default")  # of Ray's own modules, which are imported here
def test_the_exported_folder_is_an_application(nodes: TwoNodes, tmp_path: Path) -> None:
    """The module and the arguments of serve.yaml, in the working folder, as `serve deploy` uses them."""
    import ray
    import yaml
    from ray import serve
    from ray.serve.schema import ServeDeploySchema

    exports.export("ray", seals.write(tmp_path / "tiny.seal"), "-o", tmp_path / "out", "--open", "--replicas", "1")
    config = yaml.safe_load((tmp_path / "out" / "serve.yaml").read_text())
    (application,) = ServeDeploySchema.model_validate(config).applications
    assert application.runtime_env["working_dir"] == "local:///srv/sealift/tiny"
    assert (application.import_path, application.route_prefix) == ("sealift_app:build", "/")
    names: dict[str, Any] = {}
    exec((tmp_path / "out" / "sealift_app.py").read_text(), names)
    ray.init(address=nodes.address, runtime_env={"working_dir": str(tmp_path / "out")}, log_to_driver=False)
    try:
        handle = serve.run(names["build"](application.args), name=application.name, route_prefix="/tiny")
        assert handle is not None
        assert serve.status().applications["tiny"].status == "RUNNING"
        serve.delete("tiny")
    finally:
        ray.shutdown()


@pytest.mark.parametrize("table", ["grpc = 8001", '[records]\nstore = "calls.db"'])
def test_settings_without_effect_are_refused(table: str, tmp_path: Path) -> None:
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text(f'[server]\n{table}\n[[models]]\nfile = "tiny.seal"\n')
    refused = exports.export("ray", path, "-o", tmp_path / "out", "--open", "--name", "tiny", code=1)
    assert refused["error"]["code"] == "E811"
