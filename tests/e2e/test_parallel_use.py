"""A sealed model in threads and processes: joblib, concurrent.futures, multiprocessing, and what Spark and Dask do."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest

import seals
from sealift import Limits, SealedModel, load

NAMES = [field.name for field in seals.CONTRACT.inputs]
ROWS = [dict(zip(NAMES, row, strict=True)) for row in seals.ROWS]


def ill(model: SealedModel, row: dict[str, Any]) -> float:
    """The probability of the second class of one row."""
    return float(model.predict(row)["probability"][0, 1])


@pytest.fixture(params=["plain", "warm", "isolated"])
def model(request: pytest.FixtureRequest, tiny: Path) -> Any:
    """A model before its first answer, one that has answered, and one whose graph runs in a process of its own."""
    opened = load(tiny, isolated=request.param == "isolated", threads=2)
    if request.param != "plain":
        opened.predict(ROWS)
    yield opened
    opened.close()


EXPECTED = [seals.risk(*row) for row in seals.ROWS] * 2


@pytest.mark.parametrize("start", ["spawn", "fork", "forkserver"])
def test_processes(model: SealedModel, start: str) -> None:
    context = multiprocessing.get_context(start)
    if start != "fork":
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            _answers(pool, model)
        return
    with context.Pool(2) as workers:
        np.testing.assert_allclose(workers.starmap(ill, [(model, row) for row in ROWS * 2]), EXPECTED, rtol=1e-12)


def test_threads(model: SealedModel) -> None:
    with ThreadPoolExecutor(4) as pool:
        _answers(pool, model)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(model: SealedModel, backend: str) -> None:
    answers = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(ill)(model, row) for row in ROWS * 2)
    np.testing.assert_allclose(answers, EXPECTED, rtol=1e-12)


def test_joblib_files(model: SealedModel, tmp_path: Path) -> None:
    joblib.dump(model, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_allclose([ill(again, row) for row in ROWS * 2], EXPECTED, rtol=1e-12)
    again.close()


def test_a_function_that_holds_a_model_is_sent_by_cloudpickle(model: SealedModel) -> None:
    """As Spark and Dask send functions of a notebook."""
    sent = cloudpickle.dumps(lambda row: float(model.predict(row)["probability"][0, 1]))
    answer = pickle.loads(sent)
    np.testing.assert_allclose([answer(row) for row in ROWS * 2], EXPECTED, rtol=1e-12)


def test_an_isolated_copy_has_a_process_and_the_limits_of_its_own(tiny: Path) -> None:
    with load(tiny, limits=Limits(seconds=30, memory=2)) as model:
        model.predict(ROWS)
        with pickle.loads(pickle.dumps(model)) as again:
            assert again._limits == Limits(seconds=30, memory=2)
            np.testing.assert_array_equal(again.predict(ROWS)["probability"], model.predict(ROWS)["probability"])
            assert again.engine is not model.engine
            assert again.engine._child._process.pid != model.engine._child._process.pid  # type: ignore[union-attr]
        assert len(model.predict(ROWS)["label"]) == len(ROWS)


def _answers(pool: Executor, model: SealedModel) -> None:
    answers = list(pool.map(ill, [model] * len(ROWS) * 2, ROWS * 2))
    np.testing.assert_allclose(answers, EXPECTED, rtol=1e-12)
