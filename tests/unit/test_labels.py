"""Titles of fields are their labels, with the column's name beside them where both are needed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from click.testing import CliRunner

import seals
from sealift.cli.commands import app
from sealift.contract import Field, labels
from sealift.packing.describe.card import card

TITLES = {"age": "Age at admission", "sex": "Sex at birth"}
CONTRACT = dataclasses.replace(
    seals.CONTRACT,
    inputs=tuple(
        dataclasses.replace(
            field, title=TITLES.get(field.name, ""), observed=(20.0, 90.0) if field.name == "age" else None
        )
        for field in seals.CONTRACT.inputs
    ),
)


def field(name: str, title: str = "") -> Field:
    return Field(name=name, dtype="float64", title=title)


def test_a_title_that_is_not_unique_is_no_label() -> None:
    """The rule of labelsOf in web/app/src/ui/fields.ts, with the cases of its tests."""
    assert labels([field("a", "Age"), field("b")]) == ["Age", "b"]
    assert labels([field("a", "Dose"), field("b", "Dose")]) == ["a", "b"]
    assert labels([field("a", "b"), field("b", "Beta")]) == ["a", "Beta"]
    assert labels([field("a", "a")]) == ["a"]
    assert labels([]) == []


def test_the_card_names_inputs_by_their_labels() -> None:
    evidence = {
        "parity": {"rows": 1, "compared": {"caller": 1}, "outputs": {}},
        "privacy": {
            "compared": {"rows": 1, "training_rows": None, "targets": False}, "findings": [], "not_checked": ["x"],
        },
    }  # fmt: skip
    text = card(CONTRACT, name="t", version="1", evidence=evidence, about={})
    assert "| Age at admission (age) | float64 |" in text
    assert "| weight | float64 |" in text
    assert "| Sex at birth (sex) | string |" in text


def test_commands_and_notebooks_show_labels(tmp_path: Path) -> None:
    path = seals.write(tmp_path / "t.seal", contract=CONTRACT)
    shown = CliRunner().invoke(app, ["inspect", str(path)]).output
    assert "Age at admission  age " in shown
    assert "weight            weight " in shown
    (tmp_path / "r.csv").write_text("age,weight,sex\n119,70,f\n,80,m\n")
    summary = (
        CliRunner().invoke(app, ["predict", str(path), str(tmp_path / "r.csv"), "-o", str(tmp_path / "a.csv")]).output
    )
    assert "column age (Age at admission): 1 missing; 1 outside the usual range" in summary
    plain = CliRunner().invoke(app, ["inspect", str(seals.write(tmp_path / "plain.seal"))]).output
    assert "  column  type" in plain
    assert "label" not in plain.split("Inputs")[1].split("Outputs")[0]
    assert ">label<" not in seals.CONTRACT._repr_html_().split("Outputs")[0]
    html = CONTRACT._repr_html_()
    assert html.index(">Age at admission<") < html.index(">age<")
