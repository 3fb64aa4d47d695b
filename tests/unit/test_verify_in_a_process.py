"""`sealift.verify`: the command that it runs, and what it makes of the answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from sealift.errors import InternalError, SignatureError
from sealift.runtime.trial import Verification, verify

REPORT = {
    "ok": True,
    "name": "heart",
    "version": "1.2",
    "identity": "0123456789abcdef" * 4,
    "verified_key": None,
    "claimed_signers": ["a", "b"],
    "self_test": {"rows": 1234},
}


def verified(
    monkeypatch: pytest.MonkeyPatch, output: Any, errors: bytes = b"", **options: Any
) -> tuple[Any, list[str]]:
    """The result of `verify`, where the command prints `output`; and the command."""
    commands: list[list[str]] = []

    def run(command: list[str], **given: Any) -> Any:
        assert given["stdin"] == subprocess.DEVNULL
        commands.append(command)
        data = output if isinstance(output, bytes) else json.dumps(output).encode()
        return subprocess.CompletedProcess(command, 0, data, errors)

    monkeypatch.setattr(subprocess, "run", run)
    return verify("a model.seal", **options), commands[0]


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    start = [sys.executable, "-m", "sealift", "verify", "--json", "--config", os.devnull]
    _, command = verified(monkeypatch, REPORT)
    assert command == [*start, "--", "a model.seal"]
    _, command = verified(monkeypatch, REPORT, key="k.pub", seconds=2.5, memory=1)
    assert command == [*start, "--key", "k.pub", "--seconds", "2.5", "--memory", "1", "--", "a model.seal"]


def test_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = verified(monkeypatch, REPORT)
    assert result == Verification("heart", "1.2", "0123456789abcdef" * 4, None, ("a", "b"), 1234)
    assert repr(result) == (
        "<Verification heart 1.2: 1,234 examples reproduced; no signature was verified; identity 0123456789ab…>"
    )
    signed, _ = verified(monkeypatch, REPORT | {"verified_key": "fedcba9876543210" * 4})
    assert "reproduced; signed by fedcba9876543210…; identity" in repr(signed)
    assert "signed by fedcba9876543210…" in signed._repr_html_()
    assert "identity " + "0123456789abcdef" * 4 in signed._repr_html_()


def test_an_error_is_raised_again(monkeypatch: pytest.MonkeyPatch) -> None:
    error = SignatureError("E503", "The file is not signed.", where="a model.seal", fix="Ask for a signed file.")
    with pytest.raises(SignatureError) as caught:
        verified(monkeypatch, {"ok": False, "error": error.as_dict()})
    assert (caught.value.code, caught.value.what, caught.value.fix) == (error.code, error.what, error.fix)


def test_a_process_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = b"first \xff\n" + b"x" * 250 + b"\n" + b"y" * 40 + b" the end\n"
    with pytest.raises(InternalError) as caught:
        verified(monkeypatch, b"", errors)
    assert (caught.value.code, caught.value.where) == ("E901", "a model.seal")
    assert caught.value.what == "The process that verifies gave no answer: " + (
        " " + "x" * 250 + " " + "y" * 40 + " the end"
    )
    with pytest.raises(InternalError, match="gave no answer: � end"):
        verified(monkeypatch, b"", b"\xff end")
