"""The mode `batch`: the files of folders are predicted instead of requests, by the model of a deployment file."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy.typing as npt

from sealift.batch.folder import FolderJob, FolderSettings, FolderSummary
from sealift.batch.folder.inputs import check_places
from sealift.batch.folder.processes import predict_files
from sealift.batch.job import Observe
from sealift.contract import Batch
from sealift.runtime.processors import processors
from sealift.serve.answered import Answered
from sealift.serve.calls import Call
from sealift.serve.deployment import Deployment
from sealift.serve.helpers import Helpers
from sealift.serve.opening import Opened
from sealift.serve.records.parts import CallRecording
from sealift.serve.scaling.settings import WorkerRange
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.toml_table import malformed

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def check(deployment: Deployment) -> FolderSettings:
    """The settings, if the deployment can be run.

    Raises:
        ServeError: E709 where [batch] is missing or there are several models, E788. FileError: E401.
    """
    path = Path(deployment.source)
    if deployment.batch is None:
        raise malformed(path, "the mode is batch, but it has no [batch]", "Add [batch] with input and output.")
    if len(deployment.models) != 1 or deployment.models[0].shadow:
        raise malformed(path, "the mode batch needs exactly one model", "Use a deployment file for each model.")
    check_places(deployment.batch)
    workers = deployment.workers
    return replace(deployment.batch, processes=workers.most if isinstance(workers, WorkerRange) else workers)


def run(
    opened: Opened,
    deployment: Deployment,
    settings: FolderSettings,
    work: Callable[[FolderJob, Callable[[], bool]], FolderSummary],
) -> FolderSummary:
    """Predict the files, until all are predicted, or with `watch` until SIGTERM or SIGINT.

    Args:
        opened: the model, prepared.
        deployment: whether calls are recorded.
        settings: the result of `check`.
        work: calls `FolderJob.run` with the given `stopped`.

    Raises:
        FileError: E402. ServeError: E785, E786.
    """
    served = opened.plane.models()[0]
    service = Service(opened.plane)
    recording = None
    if deployment.records is not None:
        recording = CallRecording(deployment.records, settings.processes or processors())
    stopping: list[int] = []
    alive = os.pipe()  # its writing end is closed when this process ends, however that happens
    with ExitStack() as stack:
        for each in alive:
            stack.callback(os.close, each)

        def main(connection: Connection, place: int) -> None:
            job.close_in_child()
            os.close(alive[1])
            if recording is not None:
                service.observers.append(recording.observer(place))
            observe = None if recording is None else lambda name: _observer(service, served, name)
            predict_files(connection, served.model, settings, observe=observe)

        # Forks of this process, which has the model and the memory of the records.
        job = FolderJob(served.model, settings, main, context=multiprocessing.get_context("fork"))
        helpers = Helpers([] if recording is None else [recording], alive[0], lambda: os.close(alive[1]))

        def stopped() -> bool:
            helpers.reap()
            return bool(stopping)

        for number in _SIGNALS:
            before = signal.signal(number, lambda signalled, _: stopping.append(signalled))
            stack.callback(signal.signal, number, before)
        helpers.start()
        stack.callback(helpers.end)
        return work(job, stopped)


def _observer(service: Service, served: ServedModel, name: str) -> Observe:
    """Makes a call of each chunk of a file; its request id is the name of the file."""

    def observe(batch: Batch, outputs: Mapping[str, npt.NDArray[Any]]) -> None:
        problems = tuple(replace(problem, row=problem.row + 1) for problem in batch.problems)
        call = Call(served, "batch", {"x-request-id": name})
        call.answered.append(Answered(Batch(batch.without_pictures().tensors, batch.good, problems), outputs))
        service.end(call, 200)

    return observe
