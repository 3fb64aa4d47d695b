"""File mode: a CSV in, every answer as scikit-learn gives it, and each kind of bad input told once and clearly."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from pages import NAMES, Opened, demo, opened


@pytest.fixture(scope="module", name="app")
def _app(browser: Browser) -> Iterator[Opened]:
    with opened(browser, demo().page.path) as found:
        found.tab("File")
        yield found
        assert found.errors == []
        assert found.outside_requests() == []


def _download(app: Opened, button: str = "Download results") -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(app.download(button)[1]), keep_default_na=False)


def _text(rows: pd.DataFrame) -> str:
    return str(rows.to_csv(index=False))


def _edit(column: str, value: str, row: int = 1) -> str:
    """Ten rows as CSV with one cell changed; rows count from 1."""
    table = list(csv.reader(io.StringIO(_text(demo().rows[:10]))))
    table[row][table[0].index(column)] = value
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue()


def test_every_row_is_answered_as_scikit_learn_does(app: Opened) -> None:
    shuffled = demo().rows[list(reversed(demo().rows.columns))]
    app.choose(_text(shuffled))
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("569 of 569 rows answered")
    found = _download(app)
    assert list(found.columns) == ["row", "label", "label_name", "probability_malignant", "probability_benign", "error"]
    assert found["row"].tolist() == list(range(1, 570))
    assert (found["label"].to_numpy() == demo().labels).all()
    assert found["label_name"].tolist() == [NAMES[label] for label in demo().labels]
    difference = np.abs(
        found[["probability_malignant", "probability_benign"]].to_numpy(float) - demo().probabilities
    ).max()
    print(f"569 rows, largest difference {difference:.1e}")
    assert difference <= 1e-6
    assert (found["error"] == "").all()


def test_a_large_file_keeps_the_page_alive(app: Opened) -> None:
    many = pd.concat([demo().rows] * 35, ignore_index=True)
    app.choose(_text(many))
    app.tab("About")  # the page answers while the worker works
    expect(app.inside.get_by_test_id("card")).to_be_visible()
    app.tab("File")
    status = app.inside.get_by_test_id("file-status")
    expect(status).to_contain_text(f"{len(many):,} of {len(many):,} rows answered", timeout=60_000)
    print(status.inner_text())


def test_a_bad_row_is_named_and_harms_no_other(app: Opened) -> None:
    lines = _text(demo().rows[:6]).splitlines()
    position = lines[0].split(",").index("mean radius")

    def with_radius(line: str, value: str) -> str:
        cells = line.split(",")
        cells[position] = value
        return ",".join(cells)

    lines[2] = with_radius(lines[2], "")
    lines[3] = with_radius(lines[3], "twelve")
    lines[4] = with_radius(lines[4], "101")
    lines[5] += ",surplus"
    lines[6] = lines[6].replace("left", "top").replace("right", "top")
    app.choose("\n".join(lines))
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("1 of 6 rows answered, 5 could not be")
    listed = app.inside.get_by_test_id("bad-rows").locator("tbody tr")
    codes = [(row.locator("td").nth(0).inner_text(), row.locator("td").nth(3).inner_text()) for row in listed.all()]
    assert codes == [("2", "R101"), ("3", "R102"), ("4", "R103"), ("5", "R105"), ("6", "R104")]
    found = _download(app)
    assert found["row"].tolist() == [1, 2, 3, 4, 5, 6]
    assert found["error"].str[:6].tolist() == ["", "[R101]", "[R102]", "[R103]", "[R105]", "[R104]"]
    assert found["label"].astype(str).tolist() == [str(demo().labels[0]), "", "", "", "", ""]


@pytest.mark.parametrize(
    ("text", "code", "place", "remedy"),
    [
        ("", "E404", "rows.csv", "header"),
        ("\n\n", "E404", "rows.csv", "header"),
        (_text(pd.DataFrame(columns=["a"])), "E101", "header", "Add the columns"),
        ("mean radius,mean radius\n1,2\n", "E103", "header", "Rename or drop"),
        ('"mean radius\n1,2\n', "E404", "line", "Save it again"),
        (b"PK\x03\x04rest", "E403", "rows.csv", "CSV UTF-8"),
        (b"\xff\xfe\x00", "E404", "rows.csv", "CSV UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_error(
    app: Opened, text: str | bytes, code: str, place: str, remedy: str
) -> None:
    app.choose(text)
    problem = app.inside.get_by_test_id("problem")
    expect(problem).to_have_attribute("data-code", code)
    expect(problem).to_have_count(1)
    expect(problem).to_contain_text(place)
    expect(problem).to_contain_text(remedy)
    assert app.inside.get_by_role("button", name="Download results").count() == 0


def test_a_misnamed_column_is_recognised(app: Opened) -> None:
    app.choose(_text(demo().rows[:5].rename(columns={"mean area": "Mean  Area"})))
    problem = app.inside.get_by_test_id("problem")
    expect(problem).to_have_attribute("data-code", "E101")
    expect(problem).to_contain_text("mean area")
    expect(problem).to_contain_text("Rename the column")


def test_a_header_without_rows_is_said_so(app: Opened) -> None:
    app.choose(_text(demo().rows[:0]))
    expect(app.inside.get_by_test_id("problem")).to_have_attribute("data-code", "E105")


def test_extra_columns_are_refused_and_carried_with_one_click(app: Opened) -> None:
    rows = demo().rows[:5].copy()
    rows.insert(0, "patient", ["a,1", 'b"2', "é", "=1+1", " x "])
    app.choose(_text(rows))
    problem = app.inside.get_by_test_id("problem")
    expect(problem).to_have_attribute("data-code", "E102")
    expect(problem).to_contain_text('"patient"')
    problem.get_by_role("button", name="Carry the extra columns along").click()
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("5 of 5 rows answered")
    found = _download(app)
    assert list(found.columns)[:3] == ["row", "patient", "label"]
    assert found["patient"].tolist() == rows["patient"].tolist()
    assert (found["label"].to_numpy() == demo().labels[:5]).all()


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_found(app: Opened, separator: str) -> None:
    app.choose("\ufeff" + str(demo().rows[:7].to_csv(index=False, sep=separator)).replace("\n", "\r\n"))
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("7 of 7 rows answered")


def test_an_unknown_category_is_answered_where_the_contract_allows_it(app: Opened) -> None:
    app.choose(_edit("size", "enormous"))
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("10 of 10 rows answered")


def test_the_template_is_answered_by_the_page_itself(app: Opened) -> None:
    name, content = app.download("Save a template")
    assert name == "breast-cancer-template.csv"
    app.choose(content)
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("1 of 1 rows answered")
