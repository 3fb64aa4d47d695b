"""The errors of a graph that the format does not permit."""

from __future__ import annotations

from sealift.errors import SealError

MEMBER = "model.onnx"
_ORIGINAL = "Ask its publisher for the original file; nothing of this one was used."


def malformed(reason: str) -> SealError:
    """E205: the bytes are not a valid ONNX model."""
    return SealError("E205", f"The graph is malformed: {reason}.", where=MEMBER, fix=_ORIGINAL)


def refused(reason: str) -> SealError:
    """E208: the graph uses something that the format does not permit."""
    return SealError(
        "E208",
        f"The graph uses something that a sealed file must not use: {reason}.",
        where=MEMBER,
        fix="Do not use this file; ask its publisher for one that was packed by Sealift. Nothing of it was run.",
    )


def exceeded(reason: str) -> SealError:
    """E203: the graph exceeds a limit of the format."""
    return SealError(
        "E203",
        f"The graph exceeds a limit of the format: {reason}.",
        where=MEMBER,
        fix="Do not use this file; nothing of it was run. `sealift docs spec/SEAL` lists the limits in §7.",
    )


def shown(name: bytes) -> str:
    """A name in the graph, for messages."""
    return repr(name[:60].decode("ascii", "replace"))
