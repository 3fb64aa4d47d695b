"""Documents for a model of texts: a row for each, those that cannot be read among them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sealift
from sealift.batch import score
from sealift.cli import main
from sealift.errors import ContractError, FileError

TEXTS = ["no finding in the lung", "a mass in the liver", "no change", "new mass, see urgently"] * 6


@pytest.fixture(scope="module", name="sealed")
def _sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    truth = np.array(["mass" in text for text in TEXTS])
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, truth)
    path = tmp_path_factory.mktemp("texts") / "urgency.seal"
    sealift.pack(model, TEXTS, truth, name="urgency", output=path, proof=sealift.ProofOptions(engines=("native",)))
    return path


@pytest.fixture(name="letters")
def _letters(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"A mass in the liver.\r\nRegards")
    (folder / "b.txt").write_bytes("Größe: no change".encode("cp1252"))
    (folder / "c.docx").write_bytes(b"PK\x03\x04 damaged")
    (folder / "d.csv").write_text("text\nno table\n", encoding="utf-8")
    return folder


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def test_a_folder_and_files(sealed: Path, letters: Path, tmp_path: Path) -> None:
    expected = sealift.load(sealed).predict(["A mass in the liver.\nRegards", "Größe: no change"])
    for given in (letters, [letters / "a.txt", letters / "b.txt", letters / "c.docx"], [str(letters / "*")]):
        summary = score(sealed, given, tmp_path / "answers.csv")
        assert (summary.rows, summary.refused) == (3, 1)
        assert summary.cautions[0].notes == ["read as Windows-1252, because it is not UTF-8"]
        rows = read(tmp_path / "answers.csv")
        assert [Path(row["file"]).name for row in rows] == ["a.txt", "b.txt", "c.docx"]
        assert [row["label"] for row in rows] == [*(str(label).lower() for label in expected["label"]), ""]
        assert rows[2]["error"].startswith("[R122] The document")
        assert rows[2]["row"] == "3"


def test_the_command_line(sealed: Path, letters: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["predict", str(sealed), *map(str, sorted(letters.glob("[ab].txt"))), "-o", str(tmp_path / "a.csv")])
    assert ended.value.code == 0
    assert "1 noted: read as Windows-1252" in capsys.readouterr().out
    assert [Path(row["file"]).name for row in read(tmp_path / "a.csv")] == ["a.txt", "b.txt"]
    with pytest.raises(SystemExit) as ended:
        main(["predict", str(sealed), str(letters / "*.docx"), "-o", str(tmp_path / "b.csv")])
    assert ended.value.code == 3
    assert "R122" in capsys.readouterr().out


def test_more_documents_than_a_chunk(sealed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(70):
        (folder / f"{number:03}.txt").write_text("" if number % 35 == 34 else TEXTS[number % 4], encoding="utf-8")
    summary = score(sealed, folder, tmp_path / "answers.csv")
    assert (summary.rows, summary.refused) == (70, 2)
    rows = read(tmp_path / "answers.csv")
    assert [row["row"] for row in rows if row["error"]] == ["35", "70"]
    assert [row["label"] for row in rows if not row["error"]] == [
        str("mass" in TEXTS[number % 4]).lower() for number in range(70) if number % 35 != 34
    ]


def test_a_table_is_still_a_table(sealed: Path, tmp_path: Path) -> None:
    (name,) = sealift.load(sealed).contract.inputs
    (tmp_path / "rows.csv").write_text(f"{name.name}\na mass\n", encoding="utf-8")
    assert score(sealed, tmp_path / "rows.csv", tmp_path / "answers.csv").rows == 1
    assert "file" not in read(tmp_path / "answers.csv")[0]


def test_what_is_refused(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="There are no documents") as caught:
        score(sealed, tmp_path / "empty", tmp_path / "answers.csv")
    assert caught.value.code == "E410"
    numbers = np.arange(40.0).reshape(20, 2)
    model = LogisticRegression().fit(numbers, np.arange(20) > 9)
    sealift.pack(
        model, numbers, name="numbers", output=tmp_path / "n.seal", proof=sealift.ProofOptions(engines=("native",))
    )
    with pytest.raises(ContractError) as refused:
        score(tmp_path / "n.seal", [tmp_path / "a.txt"], tmp_path / "answers.csv")
    assert refused.value.code == "E104"
