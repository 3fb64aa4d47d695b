"""A pytest plugin that records which tests execute which lines of the mutated packages, and how long each test takes.

`pytest -p bench.mutation.reach` writes one data file of coverage.py and one of times per process to the folder that
SEALIFT_REACH names; `Reach.read` joins them. What runs while modules are imported has the empty context.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest

from bench.mutation.packages import PACKAGES

FOLDER = "SEALIFT_REACH"
AT_IMPORT = ""


class Recorder:
    """Measures from the start of a process of pytest until its end."""

    def __init__(self, folder: Path) -> None:
        self._times = folder / f"times.{os.getpid()}.jsonl"
        self._seconds: dict[str, float] = {}
        self._coverage = coverage.Coverage(
            data_file=folder / "lines",
            data_suffix=True,
            include=[f"src/{package}/*" for package in PACKAGES],
            config_file=False,
        )
        self._coverage.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """One context for each test, its fixtures included."""
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context(AT_IMPORT)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up setup, call and teardown; a test that fails or is skipped kills nothing."""
        usable = report.passed and self._seconds.get(report.nodeid, 0.0) >= 0
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration if usable else -1.0

    def pytest_sessionfinish(self) -> None:
        """Write both files."""
        self._coverage.stop()
        self._coverage.save()
        self._times.write_text(json.dumps(self._seconds), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Record in each process that runs tests, which the controller of workers does not."""
    if not getattr(config.option, "numprocesses", None):
        config.pluginmanager.register(Recorder(Path(os.environ[FOLDER])), "reach")


@dataclass(frozen=True)
class Reach:
    """Which tests execute which lines.

    Attributes:
        tests: by file and line, the tests that execute it; AT_IMPORT among them if importing does.
        seconds: how long each test takes; less than 0 for one that failed or was skipped, which can notice nothing.
    """

    tests: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    @property
    def files(self) -> set[str]:
        """The files of tests that were measured."""
        return {test.partition("::")[0] for test in self.seconds}

    @classmethod
    def read(cls, folder: Path, root: Path) -> Reach:
        """Join what the processes recorded."""
        seconds: dict[str, float] = {}
        for file in folder.glob("times.*"):
            seconds |= json.loads(file.read_text(encoding="utf-8"))
        tests: dict[str, dict[int, list[str]]] = {}
        for file in folder.glob("lines.*"):
            data = coverage.CoverageData(file)
            data.read()
            for name in data.measured_files():
                lines = tests.setdefault(str(Path(name).relative_to(root)), {})
                for line, contexts in data.contexts_by_lineno(name).items():
                    lines.setdefault(line, []).extend(contexts)
        return cls(tests, seconds)
