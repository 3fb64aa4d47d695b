"""`sealift.score` of picture files with a journal: what an interrupted run leaves, and a later one uses."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import image_seals
import sealift
from sealift.batch import Summary
from sealift.batch.picture_journal import journal_of
from sealift.errors import ServeError
from sealift.runtime import SealedModel

COUNT = 100


class _InterruptedError(Exception):
    """Ends a run."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SealedModel:
    return sealift.load(image_seals.write(tmp_path_factory.mktemp("model") / "colours.seal"))


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    draw = np.random.default_rng(1)
    for number in range(COUNT):
        Image.fromarray(draw.integers(0, 256, (5, 6, 3)).astype(np.uint8)).save(folder / f"{number:03}.png")
    (folder / "040.png").write_text("no picture")
    return folder


def run(model: SealedModel, scans: Path, output: Path, until: int = 1 << 30) -> Summary:
    """A run that is interrupted after so many pictures."""

    def progress(done: int, total: int, rows: int) -> None:
        del done, total
        if rows >= until:
            raise _InterruptedError

    return sealift.score(model, scans, output, resume=True, progress=progress)


@pytest.fixture
def interrupted(model: SealedModel, scans: Path, tmp_path: Path) -> Path:
    """The output of a run that ended after 64 pictures."""
    output = tmp_path / "answers.csv"
    with pytest.raises(_InterruptedError):
        run(model, scans, output, 64)
    assert not output.exists()
    assert journal_of(output).exists()
    return output


def check(model: SealedModel, scans: Path, output: Path, resumed: int) -> None:
    """A second run ends with the answers of a run without a journal."""
    plain = output.with_name("plain.csv")
    expected = sealift.score(model, scans, plain)
    summary = run(model, scans, output)
    assert summary.resumed == resumed
    assert output.read_bytes() == plain.read_bytes()
    assert (summary.rows, summary.refused, summary.problems) == (expected.rows, expected.refused, expected.problems)
    assert not journal_of(output).exists()


def test_the_rest_is_predicted(model: SealedModel, scans: Path, interrupted: Path) -> None:
    check(model, scans, interrupted, 64)


def test_files_that_changed(model: SealedModel, scans: Path, interrupted: Path) -> None:
    (scans / "010.png").write_bytes((scans / "099.png").read_bytes())
    check(model, scans, interrupted, 32)


def test_files_that_were_added_or_removed(model: SealedModel, scans: Path, interrupted: Path) -> None:
    for name in ("000a.png", "031a.png", "zz.png"):
        (scans / name).write_bytes((scans / "099.png").read_bytes())
    (scans / "099.png").unlink()
    check(model, scans, interrupted, 32)  # the first chunk is interrupted by a new file, the second is not


def test_a_file_that_was_missing(model: SealedModel, scans: Path, tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("links need a privilege on Windows")
    (scans / "0.png").symlink_to(tmp_path / "later.png")
    places = [scans / "0.png", *sorted(scans.glob("0*.png"))]
    output = tmp_path / "answers.csv"

    def progress(done: int, total: int, rows: int) -> None:
        del done, total, rows
        raise _InterruptedError

    with pytest.raises(_InterruptedError):
        sealift.score(model, places, output, resume=True, progress=progress)
    (tmp_path / "later.png").write_bytes((scans / "001.png").read_bytes())
    summary = sealift.score(model, places, output, resume=True)
    assert [problem.row for problem in summary.problems] == [42 + 1]


def test_a_torn_line(model: SealedModel, scans: Path, interrupted: Path) -> None:
    journal = journal_of(interrupted)
    journal.write_bytes(journal.read_bytes()[:-20])
    check(model, scans, interrupted, 32)


def test_another_model(model: SealedModel, scans: Path, interrupted: Path) -> None:
    journal = journal_of(interrupted)
    head, rest = journal.read_bytes().split(b"\n", 1)
    journal.write_bytes(head.replace(model.identity.encode(), b"0" * 64) + b"\n" + rest)
    check(model, scans, interrupted, 0)


def test_one_process_at_a_time(model: SealedModel, scans: Path, tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no such locks")
    output = tmp_path / "answers.csv"

    def progress(done: int, total: int, rows: int) -> None:
        del done, total, rows
        with pytest.raises(ServeError) as caught:
            run(model, scans, output)
        assert caught.value.code == "E786"

    sealift.score(model, scans, output, resume=True, progress=progress)
    assert output.exists()


def test_the_answers_among_the_pictures(model: SealedModel, scans: Path) -> None:
    output = scans / "answers.csv"
    for _ in range(2):
        assert run(model, scans, output).rows == COUNT


def test_a_run_that_never_began_leaves_nothing(model: SealedModel, scans: Path, tmp_path: Path) -> None:
    with pytest.raises(sealift.errors.ContractError):
        sealift.score(model, scans, tmp_path / "answers.csv", keep=["id"], resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["scans"]


def test_names(model: SealedModel, scans: Path, tmp_path: Path) -> None:
    """Names that are not UTF-8, and a name of the output that is as long as file systems permit."""
    names = [b"\xff.png", "\N{SNOWMAN}.png".encode()]
    for name in names:
        try:
            with open(os.fsencode(tmp_path) + b"/" + name, "wb") as stream:  # noqa: PTH123 -- a name in bytes
                stream.write((scans / "001.png").read_bytes())
        except OSError:
            pytest.skip("the file system permits only UTF-8")
    with open(os.fsencode(tmp_path) + b"/\xfe.png", "wb") as stream:  # noqa: PTH123 -- a name in bytes
        stream.write(b"no picture")
    output = tmp_path / ("n" * 251 + ".csv")
    summary = sealift.score(model, [tmp_path / "*.png"], output, resume=True)
    assert (summary.rows, summary.refused) == (3, 1)
    with output.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["file"].removeprefix(f"{tmp_path}{os.sep}") for row in rows] == [
        "\N{SNOWMAN}.png", "\\udcfe.png", "\\udcff.png",
    ]  # fmt: skip
    assert [row["error"][:6] for row in rows] == ["", "[R110]", ""]
