"""Many rows go through the engine in pieces, by threads that it keeps."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pyarrow as pa
import pytest

import sealift
from sealift.contract import columns_of, encode
from sealift.errors import ContractError, SealError
from sealift.runtime import Engine
from seals import CONTRACT, ROWS, graph

COUNT = 20_000
TABLE = {field.name: [ROWS[i % len(ROWS)][at] for i in range(COUNT)] for at, field in enumerate(CONTRACT.inputs)}
TENSORS = encode(CONTRACT, TABLE).tensors


def piece(start: int, stop: int) -> Mapping[str, Any]:
    return {name: array[start:stop] for name, array in TENSORS.items()}


def test_pieces_give_what_the_whole_gives() -> None:
    whole = Engine(graph(), threads=1).run(TENSORS)
    answers = Engine(graph(), threads=3).run_pieces(COUNT, piece)
    assert answers is not None
    for name, array in whole.items():
        assert np.array_equal(answers[name], array)


def test_the_threads_are_reused_and_their_number_is_limited() -> None:
    engine, seen = Engine(graph(), threads=2), set()

    def watched(start: int, stop: int) -> Mapping[str, Any]:
        seen.add(threading.get_ident())
        return piece(start, stop)

    for _ in range(4):
        engine.run_pieces(COUNT, watched)
    assert len(seen) <= 2
    assert threading.get_ident() not in seen


def test_a_piece_that_cannot_be_made_gives_up_all() -> None:
    made = []

    def sometimes(start: int, stop: int) -> Mapping[str, Any] | None:
        made.append(start)
        return None if start == 0 else piece(start, stop)

    assert Engine(graph(), threads=1).run_pieces(COUNT, sometimes) is None
    assert made == [0]
    assert Engine(graph(), threads=2).run_pieces(COUNT, sometimes) is None


def test_an_error_in_a_piece_is_raised() -> None:
    def refused(start: int, stop: int) -> Mapping[str, Any]:
        raise ContractError("E102", "Told.", fix="Mend it.")

    def broken(start: int, stop: int) -> Mapping[str, Any]:
        return {"number": np.zeros((stop - start, 1)), "text": np.zeros((1, 1)), "text_missing": np.zeros((1, 1))}

    engine = Engine(graph(), threads=2)
    with pytest.raises(ContractError, match="Told"):
        engine.run_pieces(COUNT, refused)
    with pytest.raises(SealError) as caught:
        engine.run_pieces(COUNT, broken)
    assert caught.value.code == "E207"


def test_a_child_of_fork_has_threads_of_its_own() -> None:
    engine = Engine(graph(), threads=2)
    whole = engine.run(TENSORS)
    child = os.fork()
    if child == 0:
        same = all(np.array_equal(array, whole[name]) for name, array in engine.run(TENSORS).items())
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def tables() -> list[Any]:
    frame = pd.DataFrame(TABLE)
    rows = [dict(zip(TABLE, values, strict=True)) for values in zip(*TABLE.values(), strict=True)]
    return [TABLE, frame, pa.table(TABLE), rows, [tuple(row.values()) for row in rows], frame.to_numpy()]


@pytest.mark.parametrize("kind", range(6))
def test_tables_of_every_kind(tiny: Path, kind: int) -> None:
    model, rows = sealift.load(tiny, threads=2), tables()[kind]
    answers = model.predict(rows)
    for name, array in Engine(graph()).run(TENSORS).items():
        assert np.array_equal(answers[name], array)


@pytest.mark.parametrize("kind", range(6))
def test_a_problem_in_a_late_row_of_a_table(tiny: Path, kind: int) -> None:
    model = sealift.load(tiny, threads=2)
    TABLE["sex"][COUNT - 2] = TABLE["sex"][COUNT - 1] = "x"
    try:
        rows = tables()[kind]
        first = encode(CONTRACT, columns_of(CONTRACT, rows)).problems[0]
        with pytest.raises(ContractError) as caught:
            model.predict(rows)
    finally:
        TABLE["sex"][COUNT - 2] = ROWS[2][2]
        TABLE["sex"][COUNT - 1] = ROWS[3][2]
    assert first.row == COUNT - 1
    assert str(caught.value) == str(first.as_error()).replace(
        first.message, first.message + " 1 more rows have problems."
    )


def test_many_threads_predict_rows_of_every_kind(tiny: Path) -> None:
    model = sealift.load(tiny, threads=2)
    kinds: list[Any] = [
        dict(zip(TABLE, ROWS[0], strict=True)),
        [list(ROWS[1])],
        pd.DataFrame([ROWS[2]], columns=list(TABLE)),
        tables()[1].head(3000),
    ]
    wanted = [model.predict(rows) for rows in kinds]
    wrong: list[int] = []

    def ask(which: int) -> None:
        for _ in range(30):
            answers = model.predict(kinds[which])
            if not all(np.array_equal(answers[name], array) for name, array in wanted[which].items()):
                wrong.append(which)

    threads = [threading.Thread(target=ask, args=(which % len(kinds),)) for which in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_each_call_uses_one_thread() -> None:
    """A sum over many numbers, split over threads, would depend on how many there are."""
    for threads in (1, 3, None):
        options = Engine(graph(), threads=threads)._session.get_session_options()
        assert options.intra_op_num_threads == 1
        assert options.inter_op_num_threads == 1
        assert options.execution_mode == onnxruntime.ExecutionMode.ORT_SEQUENTIAL
