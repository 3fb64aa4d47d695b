"""Warnings that are left out in one thread are shown in the others."""

from __future__ import annotations

import asyncio
import pickle
import re
import warnings
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sklearn.utils.parallel import Parallel, delayed

import sealift
from sealift.warning_filters import no_warnings, recorded_warnings

SOURCES = Path(sealift.__file__).parent


def _told(message: str) -> list[str]:
    """The messages that are shown where one is given, with every warning shown that no filter leaves out."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with no_warnings():
            warnings.warn(message, UserWarning, stacklevel=1)
        warnings.warn(f"{message} after", UserWarning, stacklevel=1)
    return [str(warning.message) for warning in caught]


def test_warnings_are_suppressed_only_within_the_block() -> None:
    assert _told("one") == ["one after"]
    assert _told("two") == ["two after"]


def test_nested_blocks_end_separately() -> None:
    with no_warnings():
        with no_warnings():
            warnings.warn("inner", UserWarning, stacklevel=1)
        warnings.warn("outer", UserWarning, stacklevel=1)
    with pytest.warns(UserWarning, match="after"):
        warnings.warn("after", UserWarning, stacklevel=1)


def test_other_threads_show_theirs() -> None:
    inside, release = Barrier(2, timeout=60), Barrier(2, timeout=60)

    def work() -> None:
        with no_warnings():
            inside.wait()
            release.wait()
            warnings.warn("of the thread", UserWarning, stacklevel=1)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        thread = Thread(target=work)
        thread.start()
        inside.wait()
        warnings.warn("of another", UserWarning, stacklevel=1)
        release.wait()
        thread.join()
        warnings.warn("later", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["of another", "later"]


def test_other_tasks_show_their_warnings() -> None:
    async def quiet(inside: asyncio.Event, release: asyncio.Event) -> None:
        with no_warnings():
            inside.set()
            await release.wait()
            warnings.warn("of the task", UserWarning, stacklevel=1)

    async def both() -> None:
        inside, release = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(quiet(inside, release))
        await inside.wait()
        with pytest.warns(UserWarning, match="of another"):
            warnings.warn("of another", UserWarning, stacklevel=1)
        release.set()
        await task

    asyncio.run(both())


def test_the_filter_is_listed_once_and_can_be_sent_to_a_process() -> None:
    with warnings.catch_warnings():
        before = len(warnings.filters)
        for _ in range(3):
            with no_warnings():
                pass
            warnings.simplefilter("error")
        with no_warnings():
            pass
        assert len(warnings.filters) <= before + 2
        again = pickle.loads(pickle.dumps(warnings.filters))  # as scikit-learn sends them to its workers
        assert len(again) == len(warnings.filters)


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=1)


def test_scikit_learn_copies_the_filters() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with no_warnings():
            Parallel()([delayed(_warn)("inside")])
        Parallel()([delayed(_warn)("outside")])
        Parallel(n_jobs=2, backend="threading")([delayed(_warn)("in a thread")])
    assert [str(warning.message) for warning in caught] == ["outside", "in a thread"]


def test_recorded_warnings_are_not_shown() -> None:
    with recorded_warnings() as caught:
        warnings.warn("kept", DeprecationWarning, stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["kept"]


def test_nothing_else_changes_the_filters() -> None:
    calls = re.compile(r"catch_warnings\(|simplefilter\(|filterwarnings\(")
    holders = [path for path in SOURCES.rglob("*.py") if calls.search(path.read_text(encoding="utf-8"))]
    assert [path.name for path in holders] == ["warning_filters.py"]
    users = [path for path in SOURCES.rglob("*.py") if "recorded_warnings(" in path.read_text(encoding="utf-8")]
    assert {path.name for path in users} == {"load_model.py", "warning_filters.py"}
