"""The page's engine on this machine: ONNX Runtime's WebAssembly build under Node, where Node is installed.

One process serves all graphs and ends with Python. It runs the very files that the page will run.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import shutil
import struct
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.errors import SealError
from sealift.runtime.engine import joined
from sealift.stages.text import Stages

_LARGEST = 300_000_000  # beyond it there is no page either
_DTYPES = {"float64": np.float64, "float32": np.float32, "int64": np.int64, "bool": np.bool_}


def node() -> str | None:
    """The path of a Node of version 20 or newer, if the page's program was built and Node is there."""
    found = shutil.which("node")
    return found if found is not None and all(path.is_file() for path in _parts()) and _major(found) >= 20 else None


@cache
def _major(node: str) -> int:
    try:
        done = subprocess.run(  # noqa: S603
            [node, "--version"], capture_output=True, text=True, timeout=60, check=True, start_new_session=True
        )
        return int(done.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def version() -> str:
    """The version of the WebAssembly build."""
    front = json.loads((_front() / "front.json").read_text("utf-8"))
    return str(front["versions"]["onnxruntime-web"])


class LostError(SealError):
    """The process ended while it was asked (E207); the next engine starts another."""


class WasmEngine:
    """A graph ready to run in WebAssembly; use as a context manager.

    Raises:
        SealError: E207 when it cannot be loaded or run there. LostError when the process ended meanwhile.
    """

    def __init__(self, graph: bytes, stages: Stages | None = None) -> None:
        if len(graph) > _LARGEST:
            raise _cannot_run("it is larger than 300 MB")
        self._stages = stages or Stages((), ())
        self._id = next(_ids)
        self._host = _host()
        self._host.ask({"op": "load", "id": self._id}, [graph])

    def __enter__(self) -> WasmEngine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._host.usable:
            with suppress(SealError):  # what ended the block is the error to report
                self._host.ask({"op": "drop", "id": self._id}, [])

    def run(self, tensors: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        """Run the graph on N rows; output name → array."""
        found = [self._run(part, outputs) for part in self._stages.pieces(tensors)]
        return {name: joined([part[name] for part in found]) for name in outputs}

    def _run(self, tensors: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        described, parts = [], []
        for name, array in tensors.items():
            dtype = {"O": "string", "b": "bool", "i": "int64"}.get(array.dtype.kind, "float64")
            data = json.dumps(array.ravel().tolist()).encode() if dtype == "string" else array.tobytes()
            described.append({"name": name, "dtype": dtype, "shape": list(array.shape), "size": len(data)})
            parts.append(data)
        head, body = self._host.ask(
            {"op": "run", "id": self._id, "tensors": described, "outputs": list(outputs)}, parts
        )
        found: dict[str, npt.NDArray[Any]] = {}
        start = 0
        for output in head["outputs"]:
            raw = body[start : start + output["size"]]
            start += output["size"]
            if output["dtype"] == "string":
                flat = np.array(json.loads(raw), dtype=object)
            else:
                flat = np.frombuffer(raw, dtype=_DTYPES[output["dtype"]])
            found[output["name"]] = flat.reshape(output["shape"])
        return found


class _Host:
    """The Node process and its frames.

    It has a session of its own, so that an interrupt of the terminal or the notebook does not reach it.
    """

    def __init__(self) -> None:
        command = [str(node()), str(Path(str(files("sealift.runtime"))) / "wasm_host.js"), *map(str, _parts())]
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._closed = False
        atexit.register(self.close)

    @property
    def usable(self) -> bool:
        """Whether it runs, and was started by this process and not by the one that it was forked from."""
        return not self._closed and self._owner == os.getpid() and self._process.poll() is None

    def ask(self, header: dict[str, Any], parts: Sequence[bytes]) -> tuple[dict[str, Any], bytes]:
        """Send a frame, and read the answer to it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        head = json.dumps({**header, "size": sum(map(len, parts))}).encode()
        with self._lock:
            try:
                stdin.write(struct.pack("<I", len(head)) + head)
                for part in parts:
                    stdin.write(part)
                stdin.flush()
                (length,) = struct.unpack("<I", stdout.read(4))
                answer = json.loads(stdout.read(length))
                body = stdout.read(answer["size"])
                if len(body) != answer["size"]:
                    raise OSError("the answer is cut short")
            except BaseException as error:
                # After an interrupt too: the rest of this answer would be taken for the next one.
                self.close()
                if isinstance(error, OSError | struct.error | ValueError):
                    raise LostError(
                        "E207",
                        "The process that runs WebAssembly ended, perhaps for lack of memory.",
                        fix="Close other programs, or leave WebAssembly out: engines=('native',).",
                    ) from None
                raise
        if "error" in answer:
            raise _cannot_run(answer["error"])
        return answer, body

    def close(self) -> None:
        """End the process, unless it is the one of a process that this one was forked from."""
        if self._closed or self._owner != os.getpid():
            return
        self._closed = True
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not sent yet
                    stream.close()


_current: _Host | None = None
_starting = threading.Lock()


def _host() -> _Host:
    """The process to ask; another one where the last was lost."""
    global _current  # noqa: PLW0603 -- one process serves all graphs
    with _starting:
        if _current is None or not _current.usable:
            _current = _Host()
        return _current


_ids = itertools.count()


def _front() -> Path:
    return Path(str(files("sealift"))) / "targets" / "page" / "front"


def _parts() -> tuple[Path, Path]:
    return _front() / "worker.js", _front() / "ort.wasm.gz"


def _cannot_run(reason: str) -> SealError:
    return SealError(
        "E207",
        f"The model cannot be run in WebAssembly: {' '.join(reason.split())[:300]}.",
        fix="It would not run as a page either; pack a simpler or smaller model.",
    )
