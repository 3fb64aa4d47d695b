"""The page of a model of pictures: the answers of Python, many pictures, refused files, and which parts matter."""

from __future__ import annotations

import csv
import functools
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

import image_nets
import image_seals
import pictures
import sealift
from pages import Opened, opened
from sealift.targets.page import build_page

SLOW = 120_000  # milliseconds; the machine may be loaded


@functools.cache
def made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sealift-pictures-"))
    page = folder / "colours.html"
    build_page(image_seals.write(folder / "colours.seal"), page)
    return page


@functools.cache
def files() -> dict[str, bytes]:
    """Pictures of different formats and sizes, by name."""
    image = Image.fromarray(pictures.colours(90, 60))
    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "a.png": pictures.saved(image, "PNG"),
        "b.jpg": pictures.saved(image, "JPEG", exif=turned),
        "c.tif": pictures.saved(image.quantize(30), "TIFF"),
        "d.webp": pictures.saved(Image.fromarray(pictures.colours(33, 80)), "WEBP", quality=80),
        "e.gif": pictures.saved(image.quantize(9), "GIF"),
        "f.bmp": pictures.saved(image.convert("L"), "BMP"),
    }


@pytest.fixture(scope="module")
def shown(browser: Browser) -> Iterator[Opened]:
    with opened(browser, made()) as page:
        expect(page.inside.get_by_test_id("badge")).to_contain_text("3 of 3", timeout=SLOW)
        yield page
        assert page.outside_requests() == []
        assert page.errors == []


def payload(name: str, file: bytes) -> Any:
    return {"name": name, "mimeType": "", "buffer": file}


def test_one_picture_has_the_answer_of_python(shown: Opened) -> None:
    shown.tab("Predict")
    for name, file in files().items():
        shown.inside.locator("#field-0").set_input_files(payload(name, file))
        wanted = image_seals.expected([file])[0]
        expect(shown.prediction).to_have_attribute("data-label", str(wanted.argmax()), timeout=SLOW)
        shown.inside.get_by_text(name, exact=True).wait_for()
        for _ in range(100):
            probabilities = json.loads(shown.prediction.get_attribute("data-probability") or "[]")
            if probabilities and np.allclose(probabilities, wanted, rtol=1e-6):
                break
            shown.page.wait_for_timeout(100)
        np.testing.assert_allclose(probabilities, wanted, rtol=1e-6, err_msg=name)


def test_a_picture_that_cannot_be_used_is_named(shown: Opened) -> None:
    shown.tab("Predict")
    control = shown.inside.locator("#field-0")
    problem = shown.inside.get_by_test_id("picture-problem")
    for name, code, file in (
        ("cut.jpg", "R111", files()["b.jpg"][:500]),
        ("print.jpg", "R113", pictures.saved(Image.fromarray(pictures.colours(20, 20, 4)).convert("CMYK"), "JPEG")),
        ("notes.png", "R110", b"no picture"),
        ("huge.png", "R112", pictures.png(30_000, 30_000, 8, 2, b"")),
    ):
        control.set_input_files(payload(name, file))
        expect(problem).to_have_attribute("data-code", code, timeout=SLOW)
        expect(shown.prediction).to_have_attribute("data-state", "incomplete")
    control.set_input_files(payload("a.png", files()["a.png"]))
    expect(problem).to_have_count(0)
    expect(shown.prediction).to_have_attribute("data-state", "ready", timeout=SLOW)


def test_many_pictures_are_a_table_and_a_file(shown: Opened) -> None:
    shown.tab("Many pictures")
    chosen = {**files(), "g.jpg": files()["b.jpg"][:300]}
    shown.inside.get_by_test_id("pictures").set_input_files([payload(*item) for item in chosen.items()])
    expect(shown.inside.get_by_test_id("gallery-status")).to_contain_text("6 of 7 pictures answered", timeout=SLOW)
    shown.inside.get_by_test_id("sort").select_option("doubt")
    names = shown.inside.locator("[data-testid=gallery] td.name").all_inner_texts()
    tops = np.sort(image_seals.expected(list(files().values())), 1)
    order = np.argsort(tops[:, -1] - tops[:, -2], kind="stable")
    assert names == [[*files()][i] for i in order] + ["g.jpg"]
    _, content = shown.download("Download results")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["file"] for row in rows] == [*chosen]
    for row, wanted in zip(rows, image_seals.expected(list(files().values())), strict=False):
        probabilities = [float(row[f"probability_{name}"]) for name in image_seals.NAMES]
        np.testing.assert_allclose(probabilities, wanted, rtol=1e-6)
    assert rows[-1]["error"].startswith("[R111]")
    assert rows[-1]["label"] == ""


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (3, 3)])
def test_as_many_workers_as_processors(chromium: Browser, tmp_path: Path, cores: int, workers: int) -> None:
    script = tmp_path / "cores.js"
    script.write_text(f"Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {{ get: () => {cores} }});")
    chosen = [payload(f"{copy}-{name}", file) for copy in range(9) for name, file in files().items()]
    with opened(chromium, made(), script=script) as app:
        expect(app.inside.get_by_test_id("badge")).to_contain_text("3 of 3", timeout=SLOW)
        assert len(app.page.workers) == 1
        app.tab("Many pictures")
        app.inside.get_by_test_id("pictures").set_input_files(chosen)
        status = app.inside.get_by_test_id("gallery-status")
        expect(status).to_contain_text("54 of 54 pictures answered", timeout=SLOW)
        assert len(app.page.workers) == workers
        _, content = app.download("Download results")
        assert app.outside_requests() == []
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["file"] for row in rows] == [each["name"] for each in chosen]
    wanted = np.tile(image_seals.expected(list(files().values())), (9, 1))
    probabilities = [[float(row[f"probability_{name}"]) for name in image_seals.NAMES] for row in rows]
    np.testing.assert_allclose(probabilities, wanted, rtol=1e-6)


def test_a_worker_that_cannot_be_opened_is_done_without(chromium: Browser, tmp_path: Path) -> None:
    script = tmp_path / "one.js"
    script.write_text(
        "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 2 });"
        "const One = Worker; let made = 0;"
        "globalThis.Worker = class extends One { constructor(url) {"
        "  super(++made > 1 ? URL.createObjectURL(new Blob(['throw new Error()'])) : url); } };"
    )
    with opened(chromium, made(), script=script) as app:
        expect(app.inside.get_by_test_id("badge")).to_contain_text("3 of 3", timeout=SLOW)
        app.tab("Many pictures")
        app.inside.get_by_test_id("pictures").set_input_files([payload(*item) for item in files().items()])
        status = app.inside.get_by_test_id("gallery-status")
        expect(status).to_contain_text("6 of 6 pictures answered", timeout=SLOW)


def test_parts_that_the_answer_depends_on(shown: Opened) -> None:
    levels = np.full((64, 64, 3), 90, np.uint8)
    levels[8:24, 40:56] = (255, 0, 0)  # the only part that makes it red
    shown.tab("Predict")
    shown.inside.locator("#field-0").set_input_files(payload("red.png", pictures.saved(Image.fromarray(levels), "PNG")))
    shown.inside.get_by_text("red.png", exact=True).wait_for()
    expect(shown.prediction).to_have_attribute("data-label", "0", timeout=SLOW)
    shown.inside.get_by_test_id("look").click()
    text = shown.inside.get_by_test_id("heat")
    text.wait_for(timeout=SLOW)
    expect(text).to_contain_text("lowers the probability of red from")


def test_the_examples_are_answered_from_python_as_well() -> None:
    sealed = sealift.load(made().with_suffix(".seal"))
    answers = sealed.predict(image_seals.examples())
    np.testing.assert_allclose(answers["probability"], image_seals.expected(image_seals.examples()), rtol=1e-6)


def test_a_picture_unlike_those_of_the_training_has_a_caution(chromium: Browser, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :64]
    scans = []
    for _ in range(90):
        height, width = random.uniform(12, 24, 2)
        spot = np.exp(-(((rows - 32) / height) ** 2) - ((columns - 32) / width) ** 2)
        scans.append(np.clip(230 * spot + random.normal(0, 6, (64, 64)), 0, 255).astype(np.uint8))
    sealift.pack(
        image_nets.net(1), scans[:80], name="spots", output=tmp_path / "spots.seal",
        proof=sealift.ProofOptions(engines=("native",)), preprocess=sealift.Image(resize=(32, 32), channels="L"),
    )  # fmt: skip
    build_page(tmp_path / "spots.seal", tmp_path / "spots.html")
    photo = pictures.saved(Image.fromarray(pictures.colours(90, 60)), "JPEG")
    (note,) = sealift.load(tmp_path / "spots.seal").notes([photo])
    with opened(chromium, tmp_path / "spots.html") as page:
        page.tab("Predict")
        control = page.inside.locator("#field-0")
        control.set_input_files(payload("usual.png", pictures.saved(Image.fromarray(scans[85]), "PNG")))
        expect(page.prediction).to_have_attribute("data-state", "ready", timeout=SLOW)
        expect(page.prediction.locator(".caution")).to_have_count(0)
        control.set_input_files(payload("photo.jpg", photo))
        expect(page.prediction.locator(".caution")).to_contain_text(note["image"], timeout=SLOW)
        page.tab("Many pictures")
        files = [payload("photo.jpg", photo), payload("usual.png", pictures.saved(Image.fromarray(scans[86]), "PNG"))]
        page.inside.get_by_test_id("pictures").set_input_files(files)
        expect(page.inside.get_by_test_id("gallery-status")).to_contain_text("2 of 2", timeout=SLOW)
        _, content = page.download("Download results")
        cautions = [row["caution"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]
        assert cautions == [f'"image" has {note["image"]}.', ""]
        assert page.errors == []
