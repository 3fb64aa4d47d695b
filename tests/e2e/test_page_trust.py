"""What the page does with a hostile model, a damaged file, a browser that lacks something, and a person's needs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Browser, expect

from pages import KINDS, Kind, Opened, Scheme, demo, launch, opened
from sealift import canonical, seal
from sealift.contract import Contract, Field, Output
from sealift.targets.page import build_page

AXE = Path(__file__).parents[2] / "web/app/node_modules/axe-core/axe.min.js"
HOSTILE = (
    "</script><script>parent.stolen=1</script>",
    '"onfocus="parent.stolen=1" autofocus x="',
    "<img src=x onerror=parent.stolen=1>",
    "{{csp}} {{payloads}} $& $1 \\u003c",
    "gro\u202eesrever\u202c",
    "👩‍⚕️ größe 性别",
    "__proto__",
    "constructor",
    "a" * 200,
    " spaces  inside ",
)
CARD = (
    "---\nlicense: </script>\n---\n# <script>parent.stolen=1</script>\n\n[click](javascript:parent.stolen=1) "
    "![x](http://escape.test/x.png) <http://escape.test/>\n\n| a | b |\n|---|---|\n| <b>1</b> | `2` |\n\n"
    "- **bold** *em*\n"
)


def _sealed(
    path: Path,
    names: tuple[str, ...],
    *,
    weight: float = 1.0,
    expected: float = 1.0,
    text: str | None = None,
    card: str = CARD,
) -> Path:
    """A linear model: the sum of its inputs, times `weight`; the golden examples say `expected`."""
    contract = Contract(
        inputs=tuple(
            Field(
                name=name,
                dtype="float64",
                missing="allowed",
                units=text or "<i>mm</i>",
                description=text or "</div>",
                title=text or "<u>",
            )
            for name in names
        ),
        outputs=(
            Output(name="value", kind="value", dtype="float64", units=text or "days</b>", description=text or ""),
        ),
        task="regression",
        title=text or "</title><script>parent.stolen=1</script>",
        description=text or "<img src=x onerror=parent.stolen=1>",
    )
    width = len(names)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["number", "w"], ["value"])],
        "sum",
        [helper.make_tensor_value_info("number", TensorProto.DOUBLE, [None, width])],
        [helper.make_tensor_value_info("value", TensorProto.DOUBLE, [None])],
        [numpy_helper.from_array(np.full(width, weight), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    row = [float(i) for i in range(width)]
    golden = {
        "columns": list(names),
        "rows": [row],
        "answers": {"value": [expected * sum(row)]},
        "tolerance": {"value": {"relative": 1e-9, "scale": 1.0}},
        "source": "generated",
    }
    parts = {
        "contract.json": canonical.dumps(contract.as_json()),
        "model.onnx": model.SerializeToString(),
        "golden/examples.json": canonical.dumps(golden),
        "evidence.json": canonical.dumps({"note": "</script>"}),
        "card.md": card.encode(),
        "provenance.json": b"{}",
        "sbom.cdx.json": b"{}",
    }
    members = seal.assemble(parts, name="hostile", version="1", task="regression", producer="tests", opsets={"": 21})
    seal.write(path, members)
    return path


def test_hostile_names_are_only_names(browser: Browser, tmp_path: Path) -> None:
    page = build_page(_sealed(tmp_path / "hostile.seal", HOSTILE), tmp_path / "hostile.html")
    with opened(browser, page.path) as app:
        for number, name in enumerate(HOSTILE):
            app.inside.locator(f"#field-{number}").fill(str(number))
            assert app.field(" ".join(name.split())).count() == 1, name
        expect(app.prediction).to_have_attribute("data-value", str(sum(range(len(HOSTILE)))))
        expect(app.prediction).to_contain_text("days</b>")
        for tab in ("File", "Verify", "About"):
            app.tab(tab)
        expect(app.inside.get_by_test_id("card")).to_contain_text("<script>parent.stolen=1</script>")
        assert app.inside.locator("a[href], #app img, #app b, #app script").count() == 0
        assert app.page.evaluate("window.stolen") is None
        assert len(app.page.title()) < 220
        assert app.errors == []
        assert app.outside_requests() == []


def test_a_model_that_answers_differently_here_is_not_trusted(browser: Browser, tmp_path: Path) -> None:
    page = build_page(_sealed(tmp_path / "m.seal", ("a", "b"), expected=1.5), tmp_path / "m.html")
    with opened(browser, page.path) as app:
        problem = app.inside.get_by_test_id("problem")
        expect(problem).to_have_attribute("data-code", "E206")
        expect(app.inside.get_by_text("Not the original’s answers: 0 of 1 match")).to_be_visible()


@pytest.mark.parametrize("name", ["ui", "worker", "wasm", "seal"])
def test_a_damaged_page_reports_it(browser: Browser, tmp_path: Path, name: str) -> None:
    text = demo().page.path.read_text()
    at = text.index(f'data-payload="{name}"')
    at = text.index(">", at) + 400
    damaged = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    path = tmp_path / "damaged.html"
    path.write_text(damaged)
    with opened(browser, path, wait=False) as app:
        state = app.page.get_by_role("alert")
        expect(state).to_contain_text("[E202] This page is damaged")
        expect(app.page.get_by_text("Copy or download the file again")).to_be_visible()


def test_a_truncated_page_reports_it(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "cut.html"
    path.write_bytes(demo().page.path.read_bytes()[: demo().page.size // 2])
    with opened(browser, path, wait=False) as app:
        expect(app.page.get_by_role("alert")).to_contain_text("E202")


def test_a_changed_loader_is_reported(browser: Browser, tmp_path: Path) -> None:
    """The content policy refuses it, so no script can say anything."""
    text = demo().page.path.read_text()
    at = text.index("<script>") + len("<script>")
    (tmp_path / "changed.html").write_text(f"{text[:at]} {text[at:]}")
    with opened(browser, tmp_path / "changed.html", wait=False) as app:
        warning = app.page.get_by_text("the page was changed after it was made")
        expect(warning).not_to_be_visible()
        expect(warning).to_be_visible(timeout=20_000)
        assert app.page.locator("iframe").count() == 0
        expect(warning).not_to_contain_text("Opening")


LONG = "x" * 3000
TURNED = "exe.\u202egpj.tluser\u202c"


@pytest.mark.parametrize("width", [1280, 390])
def test_long_words_do_not_widen_the_page(browser: Browser, tmp_path: Path, width: int) -> None:
    names = ("a" * 200, "b")
    card = f"# {LONG}\n\n{LONG} `{LONG}` **{LONG}**\n\n- {LONG}\n\n| {LONG} | b |\n|---|---|\n| 1 | {LONG} |\n"
    sealed = _sealed(tmp_path / "long.seal", names, text=LONG, card=card)
    page = build_page(sealed, tmp_path / "long.html")
    with opened(browser, page.path, viewport={"width": width, "height": 800}) as app:
        app.inside.get_by_role("button", name="Fill with an example").click()
        expect(app.prediction).to_have_attribute("data-state", "ready")
        _fits(app, "form")
        app.tab("File")
        app.choose(f"{names[0]},b,{LONG}\n1,2,3\n")
        expect(app.inside.get_by_test_id("problem")).to_be_visible()
        _fits(app, "refused file")
        app.choose(f"{names[0]},b\n1,2\n{LONG},2\n-,2\n")
        expect(app.inside.get_by_test_id("results")).to_be_visible()
        _fits(app, "results")
        for tab in ("Verify", "About"):
            app.tab(tab)
            _unfold(app)
            _fits(app, tab)


def _unfold(app: Opened) -> None:
    app.page.frames[1].evaluate("document.querySelectorAll('details').forEach(node => node.open = true)")


def _fits(app: Opened, state: str) -> None:
    node = "document.documentElement"
    assert app.page.frames[1].evaluate(f"{node}.scrollWidth - {node}.clientWidth") <= 0, state


def test_headings_are_read_in_one_direction(browser: Browser, tmp_path: Path) -> None:
    sealed = _sealed(tmp_path / "turned.seal", ("a", "b"), text=TURNED, card=f"# {TURNED}\n\n{TURNED}\n")
    page = build_page(sealed, tmp_path / "turned.html")
    with opened(browser, page.path) as app:
        assert "\u202e" not in app.page.title()
        for tab in ("Predict", "File", "Verify", "About"):
            app.tab(tab)
            text = app.page.frames[1].evaluate("document.body.textContent")
            assert "exe.gpj.tluser" in text
            assert "\u202e" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_forced_colours_leave_the_chosen_one_to_be_seen(kind: Kind) -> None:
    options: dict[str, Any] = {"forced_colors": "active"} if kind == "chromium" else {}
    with (
        launch(kind=kind, prefs={"browser.display.document_color_use": 2}) as launched,
        opened(launched, demo().page.path, **options) as app,
    ):
        frame = app.page.frames[1]
        assert frame.evaluate("matchMedia('(forced-colors: active)').matches")
        app.inside.get_by_role("button", name="Fill with an example").click()
        expect(app.prediction).to_have_attribute("data-state", "ready")
        colours = frame.evaluate(
            "[...document.querySelectorAll('[data-field=side] .segments button')].map(node => "
            "[node.classList.contains('on'), getComputedStyle(node).backgroundColor])"
        )
        chosen = {colour for on, colour in colours if on}
        assert len(chosen) == 1
        assert chosen.isdisjoint({colour for on, colour in colours if not on})
        fill = "getComputedStyle(document.querySelector('.bars .fill')).backgroundColor"
        track = "getComputedStyle(document.querySelector('.bars .track')).backgroundColor"
        assert frame.evaluate(f"{fill} !== {track}")


def test_the_page_reports_missing_webassembly(browser: Browser) -> None:
    context = browser.new_context()
    context.add_init_script("delete globalThis.WebAssembly")
    page = context.new_page()
    page.goto(demo().page.path.as_uri())
    expect(page.get_by_role("alert")).to_contain_text("WebAssembly is switched off")
    context.close()


def test_the_page_reports_disabled_scripts(browser: Browser) -> None:
    with opened(browser, demo().page.path, wait=False, java_script_enabled=False) as app:
        assert "JavaScript, which is switched off here" in app.page.content()


def test_the_sealed_file_can_be_taken_out_unchanged(browser: Browser) -> None:
    with opened(browser, demo().page.path) as app:
        app.tab("About")
        assert app.download("Save the sealed file") == ("breast-cancer-1.seal", demo().seal.read_bytes())
        expect(app.inside.get_by_test_id("notices")).to_contain_text("MIT License")


def test_a_signature_is_checked_with_the_publishers_key(browser: Browser, tmp_path: Path) -> None:
    _, keyid = seal.generate_keys(tmp_path / "key")
    _, stranger = seal.generate_keys(tmp_path / "other")
    members = seal.sign(seal.read(demo().seal), seal.load_private_key(tmp_path / "key"))
    seal.write(tmp_path / "signed.seal", members)
    page = build_page(tmp_path / "signed.seal", tmp_path / "signed.html")
    with opened(browser, page.path) as app:
        app.tab("Verify")
        box = app.inside.get_by_test_id("signature")
        expect(box).to_contain_text(keyid)
        box.get_by_label("Public key").fill((tmp_path / "other.pub").read_text())
        box.get_by_role("button", name="Check the signature").click()
        expect(box.get_by_test_id("problem")).to_have_attribute("data-code", "E503")
        expect(box).to_contain_text(stranger[:16])
        box.get_by_label("Public key").fill((tmp_path / "key.pub").read_text())
        box.get_by_role("button", name="Check the signature").click()
        expect(box).to_contain_text("Valid: this key signed this very model")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits(kind: Kind, scheme: Scheme) -> None:
    with launch(kind=kind, scheme=scheme) as launched:
        for width in (1280, 390):
            _visit(launched, {"viewport": {"width": width, "height": 800}, "color_scheme": scheme})


def _visit(launched: Browser, options: dict[str, Any]) -> None:
    with opened(launched, demo().page.path, script=AXE, **options) as app:
        _check(app, "empty form")
        app.inside.get_by_role("button", name="Fill with an example").click()
        app.fill("mean radius", "99")
        app.fill("mean area", "x")
        app.fill("mean area", "500")
        expect(app.prediction).to_have_attribute("data-state", "ready")
        _check(app, "filled form")
        app.tab("File")
        app.choose(b"a,b\n1,2\n")
        expect(app.inside.get_by_test_id("problem")).to_be_visible()
        _check(app, "refused file")
        app.choose(demo().rows[:20].to_csv(index=False).encode())
        expect(app.inside.get_by_test_id("results")).to_be_visible()
        _check(app, "results")
        for tab in ("Verify", "About"):
            app.tab(tab)
            _unfold(app)
            _check(app, tab)


def _check(app: Opened, state: str) -> None:
    frame = app.page.frames[1]
    violations = frame.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))"
    )
    violations = [
        (rule["id"], [re.sub(r"\s+", " ", node["html"])[:160] for node in rule["nodes"]][:3])
        for rule in json.loads(violations)
    ]
    assert violations == [], state
    _fits(app, state)


def test_the_whole_form_is_printed(chromium: Browser) -> None:
    """In Chromium: Firefox's remote protocol cannot emulate print media."""
    with opened(chromium, demo().page.path) as app:
        app.inside.get_by_role("button", name="Fill with an example").click()
        expect(app.prediction).to_have_attribute("data-state", "ready")
        app.page.wait_for_timeout(200)
        app.page.emulate_media(media="print")
        height = app.page.evaluate("document.querySelector('iframe').getBoundingClientRect().height")
        values = app.page.frames[1].locator(".printed")
        ends = values.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().bottom)")
        assert len(ends) == len(demo().rows.columns)
        assert min(ends) > 0
        assert max(ends) <= height
