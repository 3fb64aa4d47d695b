"""Documents in the page of a model of texts: one fills the form, several are a table, with the answers of Python."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sealift
from pages import Opened, opened
from sealift.targets.page import build_page

SLOW = 120_000  # milliseconds; the machine may be loaded
VECTORS = json.loads((Path(__file__).parents[2] / "spec/vectors/documents.json").read_text(encoding="utf-8"))["cases"]
FILES = {case["why"]: base64.b64decode(case["file"]) for case in VECTORS}
TEXTS = {case["why"]: case["text"] for case in VECTORS if "text" in case}
LETTERS = {
    "urgent.txt": b"Suspicious mass in the left lung,\r\nplease see urgently.",
    "routine.docx": FILES["headers, notes and footers"],
    "umlaut.txt": FILES["Windows-1252"],
    "old.doc": FILES["an old Word document"],
    "empty.docx": FILES["no text"],
}
READ = {
    "urgent.txt": "Suspicious mass in the left lung,\nplease see urgently.",
    "routine.docx": TEXTS["headers, notes and footers"],
    "umlaut.txt": TEXTS["Windows-1252"],
}


@pytest.fixture(scope="module", name="sealed")
def _sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [f"{start} in the {place}." for place in ("left lung", "liver", "body") for start in ("no finding", "mass")]
    urgent = np.array(["mass" in text for text in texts * 6])
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts * 6, urgent)
    path = tmp_path_factory.mktemp("letters") / "urgency.seal"
    sealift.pack(
        model, texts * 6, urgent, name="urgency", output=path, card={"title": "Urgency of a letter"},
        proof=sealift.ProofOptions(engines=("native",)),
        contract=sealift.ContractOptions(class_names=["routine", "urgent"]),
    )  # fmt: skip
    build_page(path, path.with_suffix(".html"))
    return path


@pytest.fixture(scope="module", name="shown")
def _shown(browser: Browser, sealed: Path) -> Iterator[Opened]:
    with opened(browser, sealed.with_suffix(".html")) as page:
        yield page
        assert page.outside_requests() == []
        assert page.errors == []


def payload(name: str) -> Any:
    return {"name": name, "mimeType": "", "buffer": LETTERS[name]}


def probabilities(sealed: Path, text: str) -> list[float]:
    answered: list[float] = sealift.load(sealed).predict([text])["probability"][0].tolist()
    return answered


def test_a_document_fills_the_form(shown: Opened, sealed: Path) -> None:
    shown.tab("Predict")
    control = shown.inside.locator(".document input")
    status, text = shown.inside.get_by_test_id("document"), shown.inside.locator("#field-0")
    for name, wanted in READ.items():
        control.set_input_files(payload(name))
        expect(status).to_contain_text(name)
        expect(text).to_have_value(wanted)
        expect(shown.prediction).to_have_attribute("data-state", "ready", timeout=SLOW)
        for _ in range(100):
            answered = json.loads(shown.prediction.get_attribute("data-probability") or "[]")
            if np.allclose(answered or [-1, -1], probabilities(sealed, wanted), rtol=1e-9):
                break
            shown.page.wait_for_timeout(50)
        np.testing.assert_allclose(answered, probabilities(sealed, wanted), rtol=1e-9)
    expect(status).to_contain_text("read as Windows-1252, because it is not UTF-8")
    text.fill("typed")
    expect(status).to_be_empty()


def test_a_document_that_cannot_be_read_leaves_the_form(shown: Opened) -> None:
    shown.tab("Predict")
    text = shown.inside.locator("#field-0")
    text.fill("typed before")
    shown.inside.locator(".document input").set_input_files(payload("old.doc"))
    problem = shown.inside.get_by_test_id("document-problem")
    expect(problem).to_contain_text('The document "old.doc" is a Word document of the old form')
    expect(text).to_have_value("typed before")
    shown.inside.locator(".document input").set_input_files(payload("urgent.txt"))
    expect(problem).to_have_count(0)


def test_several_documents_are_a_table_and_a_file(shown: Opened, sealed: Path) -> None:
    shown.tab("File")
    shown.inside.get_by_test_id("documents").set_input_files([payload(name) for name in LETTERS])
    status = shown.inside.get_by_test_id("file-status")
    expect(status).to_contain_text("3 of 5 documents answered, 2 could not be", timeout=SLOW)
    expect(shown.inside.get_by_test_id("document-notes")).to_contain_text("umlaut.txt")
    expect(shown.inside.get_by_test_id("bad-rows")).to_contain_text('The document "empty.docx" contains no text.')
    name, content = shown.download("Download results")
    assert name == "documents-results.csv"
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}
    assert [*rows] == [*sorted(READ), "empty.docx", "old.doc"]
    for name, text in READ.items():
        answered = [float(rows[name][f"probability_{label}"]) for label in ("routine", "urgent")]
        np.testing.assert_allclose(answered, probabilities(sealed, text), rtol=1e-9)
    assert rows["old.doc"]["error"].startswith("[R121] The document")
    assert rows["empty.docx"]["label"] == ""


DROP = """(body, files) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files)
    transfer.items.add(new File([Uint8Array.from(atob(content), (char) => char.charCodeAt(0))], name));
  body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def drop(shown: Opened, *names: str) -> None:
    files = [[name, base64.b64encode(LETTERS[name]).decode()] for name in names]
    shown.inside.locator("body").evaluate(DROP, files)


def test_documents_are_dropped(shown: Opened) -> None:
    shown.tab("About")
    drop(shown, "urgent.txt")
    expect(shown.inside.locator("#field-0")).to_have_value(READ["urgent.txt"])
    expect(shown.inside.get_by_role("tab", name="Predict")).to_have_attribute("aria-selected", "true")
    drop(shown, "urgent.txt", "routine.docx")
    expect(shown.inside.get_by_test_id("file-status")).to_contain_text("2 of 2 documents answered", timeout=SLOW)
    expect(shown.inside.get_by_test_id("bad-rows")).to_have_count(0)


def test_a_table_is_still_a_table(shown: Opened) -> None:
    shown.tab("File")
    (name,) = sealift.load(Path(shown.page.url.removeprefix("file://")).with_suffix(".seal")).contract.inputs
    shown.choose(f"{name.name}\nmass in the liver\nno finding\n")
    expect(shown.inside.get_by_test_id("file-status")).to_contain_text("2 of 2 rows answered", timeout=SLOW)
