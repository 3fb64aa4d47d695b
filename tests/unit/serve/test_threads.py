"""The number of threads of a worker follows from the processors and the number of workers."""

from __future__ import annotations

import pytest

from sealift.serve.scaling import settings


@pytest.mark.parametrize(
    ("processors", "workers", "threads"),
    [(2, 2, 4), (2, 6, 2), (2, 256, 1), (1, 1, 4), (8, 1, 8), (8, 2, 8), (2, 1, 4), (4, 8, 2), (16, 16, 4)],
)
def test_all_workers_together_have_about_four_threads_for_each_processor(
    processors: int, workers: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "processors", lambda: processors)
    assert settings.threads_of(workers) == threads
