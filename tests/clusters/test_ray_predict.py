"""`sealift predict --on ray`: the same output as without Ray."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyarrow import parquet

import seals
from sealift import score
from two_nodes import TwoNodes

ROWS = 60_000


def rows(path: Path) -> Path:
    """A file with missing values, values that are refused, a column to keep and an empty record at the end."""
    lines = ["id,age,weight,sex"]
    for i in range(ROWS):
        age = "" if i % 7 == 0 else "old" if i % 9_973 == 1 else str(i % 120 + i / ROWS)
        sex = "x" if i % 1_009 == 5 else "fm"[i % 2]
        lines.append(f'"{i},",{age},{40 + i % 90}.5,{sex}')
    path.write_text("\n".join([*lines, "", ""]))
    return path


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_the_output_is_that_of_one_machine(suffix: str, nodes: TwoNodes, tmp_path: Path) -> None:
    model = seals.write(tmp_path / "tiny.seal")
    source = rows(tmp_path / "rows.csv")
    local = score(model, source, tmp_path / f"local.{suffix}", keep=["id"])
    output = tmp_path / f"ray.{suffix}"
    process = nodes.command("predict", model, source, "-o", output, "--keep", "id", "--on", "ray", "--json")
    printed, errors = process.communicate(timeout=280)
    assert process.returncode == 3, printed + errors
    told = json.loads(printed)
    assert (told["rows"], told["refused"], told["skipped"]) == (ROWS, local.refused, local.skipped)
    assert told["problems"] == [problem.as_dict() for problem in local.problems]
    assert told["cautions"] == local.as_dict()["cautions"]
    assert local.refused > 60
    if suffix == "parquet":  # the groups of rows have other sizes
        assert parquet.read_table(output).equals(parquet.read_table(tmp_path / "local.parquet"))
    else:
        assert output.read_bytes() == (tmp_path / f"local.{suffix}").read_bytes()


def test_errors_have_the_codes_of_one_machine(nodes: TwoNodes, tmp_path: Path) -> None:
    model = seals.write(tmp_path / "tiny.seal")
    (tmp_path / "rows.csv").write_text("age,weight\n1,2\n")
    process = nodes.command(
        "predict", model, tmp_path / "rows.csv", "-o", tmp_path / "out.csv", "--on", "ray", "--json"
    )
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert json.loads(printed)["error"]["code"] == "E101"
    assert not (tmp_path / "out.csv").exists()
