"""The page of the OpenAPI document in a browser."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

import seals
from sealift.contract import Contract
from sealift.serve.access import keys
from servers import Running, serving

EVIL = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


def evil() -> Contract:
    """The contract with HTML in every text that the page shows."""
    age, weight, sex = seals.CONTRACT.inputs
    fields = (dataclasses.replace(age, title=EVIL, description=EVIL, units=EVIL[:20]), weight, sex)
    return dataclasses.replace(seals.CONTRACT, inputs=fields, title=EVIL, description=EVIL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("serve")
    seals.write(folder / "tiny.seal")
    seals.write(folder / "evil.seal", contract=evil())
    path = folder / "deployment.toml"
    path.write_text('[[models]]\nfile = "tiny.seal"\n[[models]]\nfile = "evil.seal"\nname = "evil"\n')
    with serving(str(path)) as running:
        yield running


@pytest.fixture
def page(chromium: Browser, server: Running) -> Iterator[Page]:
    yield from opened(chromium, server, "light", 1280)


def opened(
    browser: Browser,
    server: Running,
    scheme: Literal["light", "dark"],
    width: int,
    expected: str = "responded with a status",
) -> Iterator[Page]:
    """The page, whose console must show nothing but what is expected."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
    faults: list[str] = []
    addresses: set[str] = set()
    try:
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: addresses.add(request.url))
        page.goto(f"{server.url}/docs")
        page.wait_for_selector("section")
        yield page
    finally:
        context.close()
    assert all(address.startswith(f"{server.url}/") for address in addresses)
    assert [fault for fault in faults if expected not in fault] == []


def body(page: Page) -> Any:
    return json.loads(page.locator("textarea").first.input_value())


def test_a_row_is_answered(page: Page, server: Running) -> None:
    page.get_by_label("age").fill("30.50")
    page.get_by_label("sex").select_option("m")
    assert body(page) == {"age": 30.5, "weight": 80, "sex": "m"}
    page.get_by_role("button", name="Send").first.click()
    page.get_by_text("200 OK").wait_for()
    answer = server.ask("POST", "/v1/models/tiny/predict", {"age": 30.5, "weight": 80, "sex": "m"})[1]
    assert json.loads(page.locator("pre").first.inner_text()) == answer


def test_a_missing_value_and_a_wrong_one(page: Page) -> None:
    page.get_by_label("age").fill("")
    page.get_by_label("weight").fill('1, "sex": 5')
    assert body(page) == {"age": None, "weight": '1, "sex": 5', "sex": "f"}
    page.get_by_role("button", name="Send").first.click()
    page.get_by_text("422 Unprocessable").wait_for()
    assert "R102" in page.locator("pre").first.inner_text()


def test_other_content_types(page: Page) -> None:
    page.get_by_label("Content type").first.select_option("text/csv")
    assert not page.get_by_label("age").is_visible()
    page.get_by_role("button", name="Send").first.click()
    page.get_by_text("200 OK").wait_for()
    assert page.locator("pre").first.inner_text().startswith("row,label,label_name")


def test_every_route_is_answered(page: Page, server: Running) -> None:
    count = sum(map(len, server.ask("GET", "/openapi.json")[1]["paths"].values()))
    routes = page.locator("details")
    assert routes.count() == count
    for i in range(count):
        route = routes.nth(i)
        if route.get_attribute("open") is None:
            route.locator("summary").click()
        route.get_by_role("button", name="Send").click()
        route.get_by_text("200 OK").wait_for()


def test_text_of_a_model_is_only_text(page: Page) -> None:
    section = page.locator("section", has_text="Model evil")
    section.locator("summary").first.click()
    assert section.get_by_text(EVIL).count() > 0
    assert page.locator("img").count() == 0
    assert page.title() == "Sealift: routes and models"


def test_only_the_page_s_own_script_runs(chromium: Browser, server: Running) -> None:
    for page in opened(chromium, server, "light", 1280, expected="Content Security Policy"):
        blocked = page.evaluate(
            """async (url) => {
              const refused = [];
              document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
              const script = document.createElement("script");
              script.textContent = "document.title = 'run'";
              document.head.append(script);
              await fetch(url.replace("127.0.0.1", "localhost")).catch(() => {});
              await new Promise((done) => setTimeout(done, 50));
              return refused.sort();
            }""",
            server.url,
        )
        assert blocked == ["connect-src", "script-src-elem"]
        assert page.title() == "Sealift: routes and models"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(scheme: Literal["light", "dark"], chromium: Browser, server: Running) -> None:
    for page in opened(chromium, server, scheme, 390):
        for summary in page.locator("details > summary").all()[1:]:  # the first is open
            summary.click()
        assert page.locator("details:not([open])").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert paper == ("rgb(246, 245, 241)" if scheme == "light" else "rgb(16, 22, 29)")


def test_a_server_with_keys_shows_its_routes_for_a_key(chromium: Browser, tmp_path: Path) -> None:
    seals.write(tmp_path / "tiny.seal")
    _, secret = keys.create(tmp_path / "keys.json", "reader", ["predict"])
    path = tmp_path / "deployment.toml"
    path.write_text('[access]\nkeys = "keys.json"\n[[models]]\nfile = "tiny.seal"\n')
    with serving(str(path), workers="1") as server:
        page = chromium.new_page()
        page.goto(f"{server.url}/docs")
        page.get_by_text("Enter an API key to see the routes and models.").wait_for()
        assert page.locator(".bad").count() == 0
        page.get_by_label("API key").fill("wrong")
        page.get_by_role("button", name="Use the key").click()
        page.get_by_text("the server does not accept this key").wait_for()
        page.get_by_label("API key").fill(secret)
        page.get_by_role("button", name="Use the key").click()
        page.get_by_role("heading", name="Model tiny").wait_for()
        assert not page.get_by_label("API key").is_visible()
        page.close()
