from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from sealift import errors
from sealift.errors import CODES, ParityError, SealiftError

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SealiftError)]


def make(kind: type[SealiftError]) -> SealiftError:
    if kind is ParityError:
        return ParityError("It differs.", where="step 'scale'", fix="Do this.", report={"rows": 3})
    return kind("E201", "It is wrong.", where="a.seal", fix="Do this.")


def test_every_code_is_explained_and_every_explanation_has_a_code() -> None:
    headings = re.findall(r"^## ([RE]\d{3}) (.+)$", DOC, re.MULTILINE)
    assert [code for code, _ in headings] == list(CODES)
    assert dict(headings) == CODES


@pytest.mark.parametrize("code", CODES)
def test_an_explanation_says_meaning_causes_and_remedy(code: str) -> None:
    section = DOC.split(f"## {code} ")[1].split("\n## ")[0]
    for part in ("**Meaning.**", "**Causes.**", "**What to do.**"):
        assert len(section.split(part)[1].split("**")[0].strip()) > 20, part


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_crosses_a_process_boundary_whole(kind: type[SealiftError], protocol: int) -> None:
    error = make(kind)
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert str(again) == str(error)
    assert again.args == error.args


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_as_text_and_as_json(kind: type[SealiftError]) -> None:
    error = make(kind)
    assert str(error) == f"[{error.code}] {error.where}: {error.what} {error.fix}"
    assert error.as_dict() == {"code": error.code, "what": error.what, "where": error.where, "fix": error.fix}


def test_without_a_place_the_text_has_none() -> None:
    assert str(SealiftError("E401", "It is gone.", fix="Look.")) == "[E401] It is gone. Look."


def test_a_code_that_is_not_registered_is_refused() -> None:
    with pytest.raises(AssertionError, match="E999"):
        SealiftError("E999", "It is wrong.", fix="Do this.")


def test_every_code_is_raised_somewhere() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py") if path.name != "errors.py"
    )
    raised = set(re.findall(r'"([RE][1-9]\d{2})"', source)) | {"E303"}  # E303 by ParityError itself
    assert raised == set(CODES)
