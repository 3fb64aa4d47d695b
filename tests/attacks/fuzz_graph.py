"""Change sound graphs at random, field by field, and compare the two readers; digests and lengths stay right.

    python tests/attacks/fuzz_graph.py --runs 100000 --seed 1          # or: make fuzz-graph

A finding is: an exception without a code, a check of more than a second, two readers that disagree, a graph that both
accept though it names data outside the file or uses an operator or a field that is not permitted (looked for by
protobuf's own parser), or a graph that is accepted and ends ONNX Runtime's process. Changed graphs are made from the
cases of graph_cases.py.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parent.parent))

import graph_cases
import onnx

from onnx_bytes import varint as spelled
from sealift.errors import SealError
from sealift.seal.graph import check

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RULES: dict[str, Any] = json.loads((ROOT / "src/sealift/seal/graph/rules.json").read_text())
# Field: number, wire type, value. Messages are lists of fields, with their kind in front.
Field: TypeAlias = list[Any]
Message: TypeAlias = tuple[str, list[Field]]
NUMBERS = (
    0,
    1,
    2,
    5,
    8,
    11,
    16,
    21,
    64,
    65,
    127,
    255,
    1 << 20,
    1 << 31,
    1 << 53,
    1 << 62,
    (1 << 63) - 1,
    -1,
    -(1 << 63),
)
ACCEPTED = "accepted"


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def decode(data: bytes, kind: str) -> Message:
    """The message as a tree; the messages that rules.json names are opened, all else are bytes."""
    fields: list[Field] = []
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        inner = RULES["messages"][kind].get(str(number), ["", ""])[1].rstrip("*")
        value: Any
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 2:
            size, at = varint(data, at)
            value = data[at : at + size]
            at += size
            if inner in RULES["messages"]:
                value = decode(value, inner)
        else:
            size = 8 if wire == 1 else 4
            value = data[at : at + size]
            at += size
        fields.append([number, wire, value])
    return kind, fields


def encode(message: Message) -> bytes:
    encoded = b""
    for number, wire, value in message[1]:
        encoded += spelled(number << 3 | wire)
        if wire == 0:
            encoded += spelled(value)
        elif wire == 2:
            content = encode(value) if isinstance(value, tuple) else value
            encoded += spelled(len(content)) + content
        else:
            encoded += value
    return encoded


def messages(message: Message) -> Iterator[Message]:
    yield message
    for _, _, value in message[1]:
        if isinstance(value, tuple):
            yield from messages(value)


def copied(message: Message) -> Message:
    kind, fields = message
    return kind, [[n, w, copied(v) if isinstance(v, tuple) else v] for n, w, v in fields]


class Mutator:
    """Changes of graphs, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._seeds = [
            decode(data, "ModelProto")
            for name, data, _, _ in graph_cases.cases()
            if not name.startswith(("graph-wire", "graph-nested"))
        ]
        # Half of the runs begin with a sound graph.
        self._sound = [decode(d, "ModelProto") for _, d, code, _ in graph_cases.cases() if code is None]
        schemas = {s.name for s in onnx.defs.get_all_schemas()}
        self._words = [
            *sorted(schemas)[:: max(1, len(schemas) // 400)],
            *(
                "",
                "ai.onnx.ml",
                "com.microsoft",
                "ai.onnx",
                "x",
                "y",
                "w",
                "turns",
                "to",
                "body",
                "value",
                "sealift.contract",
            ),
        ]

    def next(self) -> bytes:
        """The bytes of a changed model."""
        pick = self._random
        made = copied(pick.choice(self._sound if pick.random() < 0.5 else self._seeds))
        for _ in range(pick.choice((1, 1, 1, 2, 3, 5))):
            self._change(made)
        data = encode(made)
        if pick.random() < 0.05 and data:
            at = pick.randrange(len(data))
            data = data[:at] + bytes([pick.randrange(256)]) + data[at + 1 :]
        return data

    def _change(self, model: Message) -> None:
        pick = self._random
        kind, fields = pick.choice(list(messages(model)))
        change = pick.randrange(8)
        if change == 0 and fields:
            del fields[pick.randrange(len(fields))]
        elif change == 1 and fields:
            fields.insert(pick.randrange(len(fields)), self._copy(pick.choice(fields)))
        elif change == 2 and len(fields) > 1:
            i, j = pick.sample(range(len(fields)), 2)
            fields[i], fields[j] = fields[j], fields[i]
        elif change in (3, 4):
            others = [m for m in messages(pick.choice(self._seeds)) if m[0] == kind and m[1]]
            if others:
                given = self._copy(pick.choice(pick.choice(others)[1]))
                same = [i for i, field in enumerate(fields) if field[0] == given[0]]
                if same and pick.random() < 0.7:
                    fields[pick.choice(same)] = given
                else:
                    fields.append(given)
        elif change == 5:
            number = int(pick.choice([*RULES["messages"][kind], "99"]))
            wire = pick.choice((0, 2, 2, 2, 1, 5))
            word = pick.choice(self._words).encode()
            fields.append([number, wire, {0: pick.choice(NUMBERS), 2: word, 1: bytes(8), 5: bytes(4)}[wire]])
        elif fields:
            field = pick.choice(fields)
            if field[1] == 0:
                field[2] = pick.choice(NUMBERS)
            elif isinstance(field[2], bytes) and field[1] == 2:
                field[2] = self._bytes(model, field[2])

    def _bytes(self, model: Message, old: bytes) -> bytes:
        pick = self._random
        if pick.random() < 0.3 and old:
            at = pick.randrange(len(old))
            return old[:at] + bytes([pick.randrange(256)]) + old[at + 1 :]
        if pick.random() < 0.2:
            return old * 2
        names = [v for m in messages(model) for _, w, v in m[1] if w == 2 and isinstance(v, bytes)]
        chosen: bytes = pick.choice([*names, *(word.encode() for word in self._words)])
        return chosen

    def _copy(self, field: Field) -> Field:
        number, wire, value = field
        return [number, wire, copied(value) if isinstance(value, tuple) else value]


def python_code(data: bytes) -> str:
    """What the Python reader says: a code, or that it accepts."""
    try:
        check(data)
    except SealError as error:
        return error.code if error.fix else "an error without advice"
    return ACCEPTED


class TypeScriptReader:
    """The page's reader under Node, as a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        bundle = Path(self._folder.name) / "walk.mjs"
        app = ROOT / "web" / "app"
        command = [str(app / "node_modules/.bin/rolldown"), str(app / "src/seal/graph/walk.ts"), "--file", str(bundle)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        self._process = subprocess.Popen(
            ["node", str(HERE / "check_graphs.mjs"), str(bundle)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> TypeScriptReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def codes(self, models: Sequence[bytes]) -> list[str]:
        """What it says of each."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        differences = []
        for data in models:
            self._process.stdin.write(struct.pack("<I", len(data)) + data)
            self._process.stdin.flush()
            differences.append(self._process.stdout.readline().decode().strip())
        return differences


def permitted(data: bytes) -> bool:
    """Whether protobuf's own parser finds nothing in an accepted model that a sealed file must not have."""
    model = onnx.ModelProto.FromString(data)
    refused = {
        name: {field for field, kind in fields.values() if kind == "refused"}
        for name, fields in RULES["messages"].items()
    }

    def sound(message: Any) -> bool:
        name = message.DESCRIPTOR.full_name.removeprefix("onnx.")
        for field, value in message.ListFields():
            if field.name in refused.get(name, ()):
                return False
            inner = value if field.is_repeated else [value]
            if field.message_type is not None and not all(map(sound, inner)):
                return False
        if name == "NodeProto":
            return message.op_type in RULES["operators"].get(message.domain, {})
        return name != "TensorProto" or not (message.external_data or message.HasField("data_location"))

    return sound(model)


def run(data: bytes) -> None:
    """One row through an accepted graph, in a process of its own with bounds."""
    import numpy as np

    from sealift.runtime import Engine

    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    try:
        engine = Engine(data, threads=1)
        engine.run({name: np.ones((1, 1)) for name in engine.inputs})
    except (SealError, StopIteration):
        return


def fuzz(runs: int, seed: int, *, engine: bool = False) -> tuple[Counter[str], list[tuple[str, bytes]]]:
    """Try `runs` changed graphs; how often each code came, and the findings with their bytes."""
    mutator = Mutator(seed)
    counts: Counter[str] = Counter()
    findings: list[tuple[str, bytes]] = []
    with TypeScriptReader() as page:
        for _ in range(runs):
            data = mutator.next()
            started = time.perf_counter()
            try:
                code = python_code(data)
            except Exception as error:
                code = f"{type(error).__name__}: {error}"
                findings.append((code, data))
            if time.perf_counter() - started > 1:
                findings.append(("slow", data))
            (other,) = page.codes([data])
            counts[code] += 1
            if other != code:
                findings.append((f"Python {code}, TypeScript {other}", data))
            if code == ACCEPTED:
                if not permitted(data):
                    findings.append(("accepted", data))
                if engine:
                    child = multiprocessing.get_context("fork").Process(target=run, args=(data,))
                    child.start()
                    child.join(30)
                    if child.is_alive():
                        child.kill()
                        counts["engine: more than 30 s"] += 1
                    elif child.exitcode:
                        counts[f"engine: ended with {child.exitcode}"] += 1
                        if child.exitcode < 0:
                            findings.append((f"ONNX Runtime ended with signal {-child.exitcode}", data))
    return counts, findings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", action="store_true", help="give accepted graphs to ONNX Runtime too")
    options = parser.parse_args()
    started = time.perf_counter()
    counts, findings = fuzz(options.runs, options.seed, engine=options.engine)
    print(f"{options.runs:,} graphs in {time.perf_counter() - started:.0f} s:", dict(counts.most_common()))
    for number, (what, data) in enumerate(findings[:20]):
        path = Path(tempfile.gettempdir()) / f"fuzz-graph-{options.seed}-{number}.onnx"
        path.write_bytes(data)
        print(f"{what}: {path}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
