"""The page decodes picture files in Chromium and Firefox with the levels of Pillow, byte by byte, or refuses them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

import pages
import pictures

ALL = """async (files) => {
  const worker = new Worker(URL.createObjectURL(new Blob([window.code], { type: "text/javascript" })));
  const waiting = new Map();
  worker.onmessage = ({ data }) => waiting.get(data.id)(data);
  const answers = await Promise.all(files.map((file, id) => new Promise((resolve) => {
    waiting.set(id, resolve);
    worker.postMessage({ id, file });
  })));
  worker.terminate();
  return answers;
}"""


@pytest.fixture(scope="module")
def code() -> str:
    return pictures.decoders()


@pytest.fixture(scope="module")
def page(browser: Browser, code: str) -> Iterator[Page]:
    opened = browser.new_page()
    opened.evaluate("(code) => { window.code = code; }", code)
    yield opened
    opened.close()


def decode(page: Page, files: list[bytes]) -> list[dict[str, Any]]:
    """What the decoders answer to each file."""
    answers: list[dict[str, Any]] = page.evaluate(ALL, [base64.b64encode(file).decode() for file in files])
    return answers


def levels_of(answer: dict[str, Any]) -> tuple[str, tuple[int, int], bytes]:
    """The mode, the size and the levels; positions in a palette become colours."""
    levels = base64.b64decode(answer["levels"])
    if answer["mode"] == "P":
        palette = np.zeros((256, 3), np.uint8)
        listed = np.frombuffer(base64.b64decode(answer["palette"]), np.uint8).reshape(-1, 3)
        palette[: len(listed)] = listed
        levels = palette[np.frombuffer(levels, np.uint8)].tobytes()
    return answer["mode"], (answer["width"], answer["height"]), levels


def expected(file: bytes) -> tuple[str, tuple[int, int], bytes]:
    """The same of Pillow. TIFF is opened without its orientation, which Pillow applies as it loads."""
    with Image.open(io.BytesIO(file)) as image:
        mode = image.mode
        if mode == "P":
            return mode, image.size, image.convert("RGBA").convert("RGB").tobytes()
        if mode == "1":
            return mode, image.size, image.convert("L").tobytes()
        return mode, image.size, image.tobytes()


def orientation_of(file: bytes) -> int:
    with Image.open(io.BytesIO(file)) as image:
        orientation: int = image.getexif().get(0x0112, 1)
        return orientation


def test_levels_are_those_of_pillow(page: Page) -> None:
    named = list(pictures.decoded())
    assert len(named) > 300
    answers = decode(page, [file for _, file in named])
    different = []
    for (name, file), answer in zip(named, answers, strict=True):
        if "refused" in answer:
            different.append(f"{name}: {answer}")
            continue
        levels = levels_of(answer)
        is_turned = name.startswith("tiff orientation")
        wanted = expected(pictures.saved(Image.fromarray(pictures.colours(45, 31)), "TIFF") if is_turned else file)
        if not is_turned and answer["orientation"] != orientation_of(file):
            different.append(f"{name}: orientation {answer['orientation']}")
        if levels != wanted:
            different.append(f"{name}: {levels[:2]} instead of {wanted[:2]}")
    assert not different, "\n".join(different)


def test_what_differs_from_pillow_is_refused_by_name(page: Page) -> None:
    named = list(pictures.refused())
    answers = decode(page, [file for _, _, file in named])
    reasons = {name: answer.get("refused") for (name, _, _), answer in zip(named, answers, strict=True)}
    assert reasons == {name: reason for name, reason, _ in named}
    assert all(answer["message"] for answer in answers)


def test_a_browser_that_changes_levels_is_not_used(code: str) -> None:
    image = Image.fromarray(pictures.colours(30, 20))
    with pages.launch(kind="firefox", prefs={"privacy.resistFingerprinting": True}) as launched:
        page = launched.new_page()
        page.evaluate("(code) => { window.code = code; }", code)
        jpeg, webp, png = decode(page, [pictures.saved(image, kind) for kind in ("JPEG", "WEBP", "PNG")])
    assert (jpeg["refused"], webp["refused"]) == ("browser", "browser")
    assert "fingerprinting" in jpeg["message"]
    assert base64.b64decode(png["levels"]) == image.tobytes()
