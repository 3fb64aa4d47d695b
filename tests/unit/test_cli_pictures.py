"""`sealift predict` and `sealift.score` with picture files: folders, patterns, and tables that name files."""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path
from typing import Any

import pytest

import sealift
from image_nets import net, scans
from sealift.cli import main
from sealift.errors import ContractError, FileError


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("pictures")
    paths = scans(folder / "scans")
    file = folder / "net.seal"
    preprocess = sealift.Image(resize=(32, 32))
    proof = sealift.ProofOptions(engines=("native",))
    sealift.pack(net(), paths, name="net", output=file, preprocess=preprocess, proof=proof)
    (folder / "scans" / "bad.png").write_text("no picture")
    return file, paths


def run(*arguments: object) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    code = caught.value.code
    return code if isinstance(code, int) else 0


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def expected(file: Path, paths: list[Path]) -> list[float]:
    return [float(row[0]) for row in sealift.load(file).predict(paths)["probability"]]


def test_a_folder(sealed: tuple[Path, list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, paths = sealed
    assert run("predict", file, paths[0].parent, "-o", tmp_path / "answers.csv", "--json") == 3
    summary: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (summary["rows"], summary["refused"]) == (9, 1)
    assert summary["problems"][0]["code"] == "R110"
    assert "bad.png" in summary["problems"][0]["message"]
    rows = table(tmp_path / "answers.csv")
    assert [row["file"] for row in rows] == sorted(map(str, [*paths, paths[0].parent / "bad.png"]))
    good = [row for row in rows if not row["error"]]
    assert [float(row["probability_0"]) for row in good] == pytest.approx(expected(file, sorted(paths)), abs=1e-9)


def test_files_and_patterns(
    sealed: tuple[Path, list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, paths = sealed
    code = run("predict", file, paths[3], paths[0].parent / "scan[02].jpg", "-o", tmp_path / "answers.jsonl")
    assert code == 0
    rows = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text("utf-8").splitlines()]
    assert [Path(row["file"]).name for row in rows] == ["scan3.png", "scan0.jpg", "scan2.jpg"]
    assert run("predict", file, paths[0].parent / "*.tiff", "-o", tmp_path / "answers.csv") == 1
    assert "E410" in capsys.readouterr().err


def test_a_table_that_names_files(sealed: tuple[Path, list[Path]]) -> None:
    file, paths = sealed
    rows = paths[0].parent.parent / "patients.csv"
    encoded = "data:image/png;base64," + base64.b64encode(paths[1].read_bytes()).decode()
    rows.write_text(
        f'id,image\n7,scans/{paths[1].name}\n8,scans/gone.png\n9,\n10,{paths[2]}\n11,"{encoded}"\n', "utf-8"
    )
    answers = rows.with_name("answers.csv")
    assert run("predict", file, rows, "-o", answers, "--keep", "id") == 3
    written = table(answers)
    assert [row["id"] for row in written] == ["7", "8", "9", "10", "11"]
    assert [row["error"][:6] for row in written] == ["", "[R114]", "[R101]", "", ""]
    assert written[0]["probability_0"] == written[4]["probability_0"]


def test_cells_are_names_of_files_only_where_that_is_stated(sealed: tuple[Path, list[Path]], tmp_path: Path) -> None:
    file, paths = sealed
    rows = tmp_path / "rows.csv"
    rows.write_text(f"image\n{paths[1]}\n", "utf-8")
    summary = sealift.score(file, rows, tmp_path / "answers.csv")
    assert [problem.code for problem in summary.problems] == ["R102"]
    assert sealift.score(file, rows, tmp_path / "answers.csv", pictures=tmp_path).refused == 0


def test_score_of_a_folder(sealed: tuple[Path, list[Path]], tmp_path: Path) -> None:
    file, paths = sealed
    progress: list[tuple[int, int, int]] = []
    summary = sealift.score(
        file, paths[0].parent, tmp_path / "answers.csv", progress=lambda *given: progress.append(given)
    )
    assert (summary.rows, summary.refused) == (9, 1)
    assert progress[-1] == (9, 9, 9)
    with pytest.raises(FileError, match="no picture files"):
        sealift.score(file, [tmp_path / "*.png"], tmp_path / "answers.csv")


def test_a_model_of_a_table_takes_no_pictures(tmp_path: Path) -> None:
    import seals

    file = tmp_path / "tiny.seal"
    seals.write(file)
    with pytest.raises(ContractError, match="other inputs"):
        sealift.score(file, [tmp_path / "scan.png"], tmp_path / "answers.csv")
