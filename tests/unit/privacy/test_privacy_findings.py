"""What is reported of retained data, and the sentences."""

from __future__ import annotations

from typing import Any

import pytest

from sealift.errors import PackError
from sealift.packing.privacy.findings import Finding, PrivacyReport, listed, merged, statement


def finding(kind: Any = "values", count: int = 3, sentence: str = "Three.", **more: Any) -> Finding:
    return Finding(kind, count, sentence, more.pop("remedy", "Round."), **more)


def report(**more: Any) -> PrivacyReport:
    return PrivacyReport(**{"rows": 1200, "training": None, "targets": True, "findings": [], **more})


def test_a_finding_in_the_evidence() -> None:
    entry = finding(of=9, columns={"age": 3}, where="scaler")
    assert entry.note == "Three. Round."
    assert entry.as_json() == {
        "kind": "values",
        "count": 3,
        "of": 9,
        "columns": {"age": 3},
        "where": "scaler",
        "sentence": "Three.",
        "remedy": "Round.",
    }
    assert (finding().of, finding().columns, finding().where) == (0, {}, "")


def test_one_finding_for_each_kind_place_and_remedy_in_the_order_of_kinds() -> None:
    several = [
        finding("extremes"),
        finding("values", 3),
        finding("values", 5, "Five."),
        finding("values", 4, "Four."),
        finding("values", 3, where="elsewhere"),
        finding("values", 3, remedy="Other."),
        finding("examples"),
        finding("rows", 2, "First."),
        finding("rows", 2, "Second."),
    ]
    assert [(f.kind, f.sentence, f.where, f.remedy) for f in merged(several)] == [
        ("examples", "Three.", "", "Round."),
        ("rows", "First.", "", "Round."),
        ("values", "Five.", "", "Round."),
        ("values", "Three.", "elsewhere", "Round."),
        ("values", "Three.", "", "Other."),
        ("extremes", "Three.", "", "Round."),
    ]


def test_eight_columns_are_listed() -> None:
    columns = {f"c{i}": 1000 + i for i in range(8)}
    assert listed({"age": 1, "n" * 70: 2}) == f'"age" (1), "{"n" * 60}" (2)'
    assert listed(columns).endswith('"c7" (1,007)')
    assert listed(columns | {"c8": 1, "c9": 1}) == listed(columns) + " and 2 more columns"


def test_what_was_not_checked() -> None:
    always = report(training=9).not_checked
    assert len(always) == 2
    assert report(training=9, left_out=["some rows"]).not_checked == ["some rows", *always]
    (without_training,) = set(report().not_checked) - set(always)
    assert "training=" in without_training
    assert report().not_checked == [without_training, *always]
    (without_targets,) = set(report(training=9, targets=False).not_checked) - set(always)
    assert "target values" in without_targets
    assert report(left_out=["some rows"], targets=False).not_checked == [
        "some rows",
        without_training,
        without_targets,
        *always,
    ]


def test_a_report_in_the_evidence() -> None:
    full = report(training=9, findings=[finding()], left_out=["some rows"])
    assert full.as_json() == {
        "compared": {"rows": 1200, "training_rows": 9, "targets": True},
        "findings": [finding().as_json()],
        "not_checked": full.not_checked,
    }
    assert repr(full) == "<PrivacyReport: 1 findings in 1,200 rows and 9 training rows>"
    assert repr(report()) == "<PrivacyReport: 0 findings in 1,200 rows>"


def test_strict_refuses_findings_alone() -> None:
    report().check(strict=True)
    report(findings=[finding()]).check(strict=False)
    with pytest.raises(PackError) as refused:
        report(findings=[finding()]).check(strict=True)
    assert refused.value.code == "E309"
    assert refused.value.what.endswith(": (1) Three.")
    assert refused.value.fix == "Round."


def test_strict_names_eight_findings_and_three_remedies() -> None:
    many = [finding(sentence=f"No. {i}.", remedy=f"Do {i // 2}.") for i in range(10)]
    with pytest.raises(PackError) as refused:
        report(findings=many).check(strict=True)
    assert refused.value.what.endswith("(7) No. 6. (8) No. 7. And 2 more.")
    assert "(1) No. 0. (2) No. 1." in refused.value.what
    assert refused.value.fix == "Do 0. Do 1. Do 2."
    with pytest.raises(PackError) as refused:
        report(findings=many[:8]).check(strict=True)
    assert refused.value.what.endswith("(8) No. 7.")


def test_the_statement_of_the_card() -> None:
    clean = statement(report().as_json()).split("\n")
    assert clean[0] == "No single record of the 1,200 rows given for packing was found in this file."
    assert clean[1] == clean[3] == ""
    assert "with the 1,200 rows given for packing, with their target values, as they are" in clean[2]
    assert "what fewer than 5 rows share" in clean[2]
    assert clean[4] == "Not checked: " + "; ".join(report().not_checked) + "."
    assert len(clean) == 5


def test_the_statement_with_findings() -> None:
    lines = statement(report(findings=[finding(), finding("rows", sentence="Rows.")]).as_json()).split("\n")
    assert lines[:5] == ["**This file retains data of single records:**", "", "- Three.", "- Rows.", ""]
    assert lines[5].startswith("Every constant")
    assert [lines[6], len(lines)] == ["", 8]


@pytest.mark.parametrize(
    ("rows", "training", "given"),
    [
        (1, None, "1 row given for packing"),
        (0, None, "0 rows given for packing"),
        (0, 1, "1 training row"),
        (0, 2000, "2,000 training rows"),
        (1, 2000, "2,000 training rows and the 1 row given for packing"),
        (30, 2000, "2,000 training rows and the 30 rows given for packing"),
    ],
)
def test_which_rows_the_statement_is_about(rows: int, training: int | None, given: str) -> None:
    written = statement(report(rows=rows, training=training, targets=False).as_json())
    assert written.startswith(f"No single record of the {given} was found")
    assert f"compared by value with the {given} as they are" in written
