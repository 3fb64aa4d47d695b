"""`sealift serve` in the mode `batch`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.cli import console, predict_folder
from sealift.serve import batch_mode
from sealift.serve.deployment import Deployment

if TYPE_CHECKING:
    from sealift.batch.folder import FolderJob, FolderSettings, FolderSummary
    from sealift.serve.opening import Opened


def run(opened: Opened, deployment: Deployment, settings: FolderSettings, *, as_json: bool) -> None:
    """Predict the files, and print the summary of `sealift predict`. Exits as that, but with 0 after `watch`."""

    def work(job: FolderJob, stopped: Callable[[], bool]) -> FolderSummary:
        return predict_folder.run_job(job, watch=settings.watch, as_json=as_json, stopped=stopped)

    summary = batch_mode.run(opened, deployment, settings, work)
    model = opened.plane.models()[0].model
    manifest = console.manifest(Path(deployment.models[0].file), model.seal)
    predict_folder.show(summary, manifest, as_json=as_json, exits=not settings.watch)
