"""Models that are unloaded while nobody uses them, and loaded for the first request."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import seals
from servers import Running, serving, until

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
RISK = seals.risk(61.5, 80.0, "f")
BALLAST = 20_000_000
"""Numbers of 8 bytes."""


def resident(server: Running) -> int:
    """The memory of the server and its workers that is in use and shared with no file, in bytes."""
    total = 0
    for pid in (server.process.pid, *server.workers()):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                total += int(line.split()[1]) * 1024
    return total


def loaded(server: Running) -> bool:
    """Whether any worker that answers has the model in memory."""
    return any(server.metric('sealift_model_loaded{model="heavy",version="1"}') for _ in range(6))


def predicted(server: Running, name: str) -> float:
    """The answer; the status where it is another one than 200."""
    status, body = server.ask("POST", f"/v1/models/{name}/predict", ROW)
    answer: float = body["answers"][0]["probability"]["ill"] if status == 200 else status
    return answer


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    seals.write(tmp_path / "tiny.seal")
    seals.write(tmp_path / "heavy.seal", ballast=BALLAST)
    path = tmp_path / "deployment.toml"
    path.write_text(
        '[[models]]\nfile = "tiny.seal"\n[[models]]\nfile = "heavy.seal"\nname = "heavy"\nidle = "1s"\n'
        '[records]\nstore = "records.db"\n'
    )
    return path


def test_an_idle_model_returns_its_memory_and_the_first_requests_succeed(deployment: Path) -> None:
    size = BALLAST * 8
    with serving(str(deployment)) as server:
        assert predicted(server, "heavy") == pytest.approx(RISK)
        assert loaded(server)
        before = resident(server)
        assert before > size
        # The file is replaced while the model is unloaded: the model is the one that was deployed.
        shutil.copy(deployment.parent / "tiny.seal", deployment.parent / "heavy.seal")
        assert until(lambda: server.metric("sealift_model_unloads_total") == 1)
        assert until(lambda: not loaded(server))
        assert until(lambda: resident(server) < before - 0.8 * size), (before, resident(server))
        # What needs no model does not load it.
        assert server.ask("GET", "/v2/models/heavy/ready") == (200, {"ready": True})
        assert server.ask("GET", "/v2/models/heavy")[0] == 200
        assert server.ask("GET", "/openapi.json")[0] == 200
        assert server.ask("GET", "/v2/health/ready") == (200, {"ready": True})
        assert not loaded(server)
        with ThreadPoolExecutor(32) as clients:
            answers = list(clients.map(lambda name: predicted(server, name), ["heavy", "tiny"] * 16))
        assert answers == pytest.approx([RISK] * 32)
        assert until(lambda: 1 <= server.metric("sealift_model_loads_total") <= 2)  # once in each worker
        assert until(lambda: server.metric("sealift_model_unloads_total") == 2)


def test_a_model_that_cannot_be_loaded_again_is_reported_and_recovers(deployment: Path) -> None:
    with serving(str(deployment)) as server:
        assert until(lambda: server.metric("sealift_model_unloads_total") == 1)
        (kept,) = (deployment.parent / "deployment.state" / "models").glob("*.seal")
        kept.rename(kept.with_suffix(".gone"))
        status, body = server.ask("POST", "/v1/models/heavy/predict", ROW)
        assert (status, "E803" in str(body), str(deployment.parent) in str(body)) == (503, True, False)
        kept.with_suffix(".gone").rename(kept)
        assert [predicted(server, "heavy") for _ in range(8)] == pytest.approx([RISK] * 8)
        assert server.ask("POST", "/v1/models/tiny/predict", ROW)[0] == 200
