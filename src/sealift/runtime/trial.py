"""`sealift.verify`: verify a file of unknown origin in a separate process, with limits of time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift import notebook
from sealift.errors import InternalError, rebuilt


@dataclass(frozen=True, repr=False)
class Verification:
    """The result of `sealift.verify`.

    Attributes:
        name, version: the name and version of the model.
        identity: SHA-256 of the manifest in hexadecimal.
        verified_key: the id of the given key, whose signature is valid; None without a key.
        claimed_signers: the key ids of the signatures in the file, not checked against a key.
        examples: the number of golden examples, all of which were reproduced.
    """

    name: str
    version: str
    identity: str
    verified_key: str | None
    claimed_signers: tuple[str, ...]
    examples: int

    def __repr__(self) -> str:
        return (
            f"<Verification {self.name} {self.version}: {'; '.join(self._results())}; identity {self.identity[:12]}…>"
        )

    def _repr_html_(self) -> str:
        """The result for notebooks."""
        body = notebook.text(*self._results(), f"identity {self.identity}")
        return notebook.whole(f"Verified: {self.name} {self.version}", body, good=True)

    def _results(self) -> list[str]:
        signed = "signed by " + self.verified_key[:16] + "…" if self.verified_key else "no signature was verified"
        return [f"{self.examples:,} examples reproduced", signed]


def verify(
    path: Path | str, *, key: Path | str | None = None, seconds: float | None = None, memory: float | None = None
) -> Verification:
    """Check a file, load its graph and run its examples in a separate process, as `sealift verify` does.

    `sealift.load` runs the graph in this process, without limits: verify a file of unknown origin first.

    Args:
        path: the .seal file, or a page (.html).
        key: the public key that must have signed it. Without a key, nothing is known about who made the file.
        seconds: the time limit; by default two minutes, and more for large files.
        memory: the memory limit in GB; by default half of the machine's memory.

    Raises:
        FileError: E401. SealError: E201 to E210. ContractError: E106. SignatureError: E501 to E503.
    """
    command = [sys.executable, "-m", "sealift", "verify", "--json", "--config", os.devnull]
    for option, value in (("--key", key), ("--seconds", seconds), ("--memory", memory)):
        command += [] if value is None else [option, str(value)]
    command += ["--", str(path)]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)  # noqa: S603 -- ourselves
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        reason = " ".join(done.stderr.decode(errors="replace").split())[-300:]
        raise InternalError(
            "E901", f"The process that verifies gave no answer: {reason}", where=str(path), fix="Report it."
        ) from None
    if not report["ok"]:
        raise rebuilt(report["error"])
    return Verification(
        name=report["name"],
        version=report["version"],
        identity=report["identity"],
        verified_key=report["verified_key"],
        claimed_signers=tuple(report["claimed_signers"]),
        examples=report["self_test"]["rows"],
    )
