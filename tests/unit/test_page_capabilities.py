"""What the page can do is known where pages are built, so that a page that could not open its model is not written."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

import seals
from sealift import seal
from sealift.contract import Contract
from sealift.errors import PageError
from sealift.targets.page.build import build_page
from sealift.targets.page.capabilities import CAPABILITIES, lacking
from sealift.targets.page.target import PAGE

ROOT = Path(__file__).parents[2]


def test_the_list_is_that_of_the_page() -> None:
    source = (ROOT / "web/app/src/contract/capabilities.ts").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^const CAPABILITIES: readonly string\[\] = \[([^\]]*)\];$", source, re.MULTILINE)
    assert set(re.findall(r'"([^"]+)"', listed)) == CAPABILITIES


def test_a_model_that_requires_more_gets_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = seals.write(tmp_path / "tiny.seal")
    sealed = seal.read(path)
    assert lacking(sealed.contract()) == []
    monkeypatch.setattr(Contract, "requires", ("type:colour/1",))

    def contract(_: Any) -> Contract:
        return dataclasses.replace(seals.CONTRACT)

    monkeypatch.setattr(seal.Seal, "contract", contract)
    assert PAGE.limitations(sealed) == ["The page does not have what the model requires: type:colour/1."]
    with pytest.raises(PageError, match=r"does not have what the model requires: type:colour/1") as caught:
        build_page(path, tmp_path / "tiny.html")
    assert caught.value.code == "E607"
    assert not (tmp_path / "tiny.html").exists()
