"""Texts of documents against the shared vectors (tests/vectors/make_documents.py)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from sealift.batch.documents import DocumentError, document_text

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "spec/vectors/documents.json").read_text(encoding="utf-8")
)["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_vectors(case: dict[str, Any]) -> None:
    data = base64.b64decode(case["file"])
    if "code" in case:
        with pytest.raises(DocumentError) as caught:
            document_text(data)
        assert caught.value.code == case["code"]
        return
    assert document_text(data) == (case["text"], case["note"])


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        document_text(tmp_path / "gone.txt")
    with pytest.raises(DocumentError, match="cannot be read: Is a directory"):
        document_text(tmp_path)
