"""File mode: a CSV in, every answer as scikit-learn gives it, and each kind of bad input reported once."""

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
    with opened(browser, demo().page.path) as opened_page:
        opened_page.tab("File")
        yield opened_page
        assert opened_page.errors == []
        assert opened_page.outside_requests() == []


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
    table = _download(app)
    answers = ["label", "label_name", "probability_malignant", "probability_benign", "caution", "error"]
    assert list(table.columns) == ["row", *shuffled.columns, *answers]
    copied = pd.read_csv(io.StringIO(_text(shuffled)), keep_default_na=False)
    pd.testing.assert_frame_equal(table[list(shuffled.columns)], copied)
    assert table["row"].tolist() == list(range(1, 570))
    assert (table["label"].to_numpy() == demo().labels).all()
    assert table["label_name"].tolist() == [NAMES[label] for label in demo().labels]
    difference = np.abs(
        table[["probability_malignant", "probability_benign"]].to_numpy(float) - demo().probabilities
    ).max()
    print(f"569 rows, largest difference {difference:.1e}")
    assert difference <= 1e-6
    assert (table["error"] == "").all()


def test_the_page_responds_during_a_large_file(app: Opened) -> None:
    many = pd.concat([demo().rows] * 35, ignore_index=True)
    app.choose(_text(many))
    status = app.inside.get_by_test_id("file-status")
    expect(status).to_contain_text(f"{len(many):,} of {len(many):,} rows answered", timeout=120_000)
    print(status.inner_text())


def test_the_form_answers_while_a_file_is_answered_and_the_file_can_be_cancelled(app: Opened) -> None:
    few = _text(demo().rows).splitlines()
    app.choose("\n".join([few[0], *few[1:] * 280]))
    status = app.inside.get_by_test_id("file-status")
    expect(status).to_contain_text("rows so far")
    app.tab("Predict")
    app.inside.get_by_role("button", name="example").click()
    expect(app.prediction).to_have_attribute("data-state", "ready", timeout=3000)
    app.tab("File")
    expect(status).to_contain_text("rows so far")  # it is not that the file was ready first
    app.inside.get_by_role("button", name="Cancel", exact=True).click()
    expect(status).to_contain_text("Cancelled")
    app.choose(_text(demo().rows[:5]))
    expect(status).to_contain_text("5 of 5 rows answered", timeout=3000)


def test_results_are_in_the_rows_of_their_records(app: Opened) -> None:
    head, *lines = _text(demo().rows[:4]).splitlines()
    blank = "," * head.count(",")
    app.choose("\r\n".join([head, lines[0], "", lines[1], blank, blank, lines[2], lines[3], "", blank, ""]))
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("4 of 7 rows answered, 3 could not be")
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("3 empty records of the file keep their rows")
    table = _download(app)
    assert table["row"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    answered = [0, 2, 5, 6]
    assert table["label"].iloc[answered].astype(int).tolist() == demo().labels[:4].tolist()
    assert table["mean area"].iloc[answered].astype(float).tolist() == demo().rows["mean area"][:4].tolist()
    assert table["error"].tolist() == ["" if at in answered else "[R107] The record is empty." for at in range(7)]


def test_the_columns_of_the_file_can_be_left_out(app: Opened) -> None:
    app.choose(_text(demo().rows[:5]))
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("5 of 5 rows answered")
    app.inside.get_by_label("Include the columns of the file").uncheck()
    expect(app.inside.get_by_test_id("results").get_by_text("mean radius", exact=True)).to_have_count(0)
    assert list(_download(app).columns)[:2] == ["row", "label"]
    app.inside.get_by_label("Include the columns of the file").check()
    expect(app.inside.get_by_test_id("results").get_by_text("mean radius", exact=True)).to_have_count(1)


def test_words_for_missing_values_are_pointed_out_and_can_be_read_as_missing(app: Opened) -> None:
    rows = demo().rows[400:410].copy()
    rows["size"] = ["-", "small", "-", "not known", "enormous", "small", "medium", "large", "small", "small"]
    app.choose(_text(rows))
    note = app.inside.get_by_test_id("column-notes").locator("[data-field=size]")
    expect(note).to_contain_text("2 rows: '-' is not a known value")
    expect(note).to_contain_text("1 row: 'not known' is not a known value")
    expect(note).to_contain_text("1 row: not among the known values ('enormous' 1×)")
    assert '"size" is not among the known values.' in _download(app)["caution"][0]
    note.get_by_role("button", name="Read '-' as missing").click()
    expect(app.inside.get_by_test_id("column-notes")).to_contain_text("'-' is read as missing in this file.")
    expect(note).to_contain_text("2 rows: missing")
    table = _download(app)
    assert "size" not in table["caution"][0]
    assert "size" in table["caution"][3]
    missing = rows.assign(size=rows["size"].replace("-", ""))
    app.choose(_text(missing))  # the choice was for that file alone
    expect(app.inside.get_by_test_id("column-notes")).not_to_contain_text("read as missing in this file")
    assert _download(app)["probability_benign"].tolist() == table["probability_benign"].tolist()


def test_unusual_values_are_counted_and_reported_by_row(app: Opened) -> None:
    rows = demo().rows[400:410].copy()
    rows["mean area"] *= 100  # mm² for cm², say
    rows.loc[401, "mean smoothness"] = -5
    for name in rows.columns[3:25]:
        rows[name] = rows[name].astype(object)
        rows.loc[402, name] = ""
    app.choose(_text(rows))
    expect(app.inside.get_by_test_id("file-cautions")).to_contain_text("rows have a caution")
    notes = app.inside.get_by_test_id("column-notes")
    expect(notes.locator('[data-field="mean area"]')).to_contain_text("9 rows: unlike the training data (mostly ")
    expect(notes.locator('[data-field="mean area"]')).to_contain_text("check the units")
    table = _download(app)["caution"]
    assert all('"mean area" is unlike the training data' in text for at, text in enumerate(table) if at != 2)
    assert '"mean smoothness" is unlike the training data' in table[1]
    assert "22 of 32 fields are empty." in table[2]


DROP = """([names, folder]) => {
    const files = names.map(name => new File(["x"], name));
    const items = files.map(() => ({ webkitGetAsEntry: () => ({ isDirectory: folder }) }));
    const event = new Event("drop", { cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: { files, items } });
    dispatchEvent(event);
}"""


@pytest.mark.parametrize(
    ("names", "folder", "message"),
    [
        (["a.csv", "b.csv"], False, "2 files were dropped; only one can be predicted at a time."),
        (["patients"], True, "A folder was dropped"),
    ],
)
def test_what_cannot_be_answered_when_dropped_is_said(
    app: Opened, names: list[str], folder: bool, message: str
) -> None:
    app.tab("About")
    app.page.frames[1].evaluate(DROP, [names, folder])
    problem = app.inside.get_by_test_id("problem")
    expect(problem).to_contain_text(message)
    expect(problem).to_have_attribute("data-code", "E401")
    expect(app.inside.get_by_test_id("file-status")).to_be_empty()


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
    table = _download(app)
    assert table["row"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["error"].str[:6].tolist() == ["", "[R101]", "[R102]", "[R103]", "[R105]", "[R104]"]
    assert table["label"].astype(str).tolist() == [str(demo().labels[0]), "", "", "", "", ""]


@pytest.mark.parametrize(
    ("text", "code", "place", "remedy"),
    [
        ("", "E404", "rows.csv", "header"),
        ("\n\n", "E404", "rows.csv", "header"),
        (_text(pd.DataFrame(columns=["a"])), "E101", "header", "Add the columns"),
        ("mean radius,mean radius\n1,2\n", "E103", "header", "Rename or remove"),
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
    problem.get_by_role("button", name="Keep the extra columns").click()
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("5 of 5 rows answered")
    table = _download(app)
    assert list(table.columns) == ["row", *rows.columns, *table.columns[-6:]]
    assert table["patient"].tolist() == rows["patient"].tolist()
    assert (table["label"].to_numpy() == demo().labels[:5]).all()


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
