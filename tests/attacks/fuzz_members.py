"""Sealed files with mutated JSON members and right digests: both readers refuse the same ones, with the same code.

For a malformed contract, the message must be the same too.

    python tests/attacks/fuzz_members.py --runs 100000 --seed 1

A finding is an exception that is no SealiftError, an error without advice or with a long message, a case that takes
more than SECONDS, or a file that the two readers judge differently. The TypeScript reader is bundled with web/app's own
tools and runs in Node. `test_fuzz_members.py` runs some of the cases.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import copy
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent)]

import array_cases  # noqa: E402
import heavy  # noqa: E402
import make  # noqa: E402
import member_cases  # noqa: E402

import seals  # noqa: E402
from sealift import seal  # noqa: E402
from sealift.cli import inspect  # noqa: E402
from sealift.errors import SealiftError  # noqa: E402
from sealift.runtime import golden  # noqa: E402
from sealift.stages import Stages  # noqa: E402

SECONDS = 10.0
APP = HERE.parents[1] / "web" / "app"
_FOLDER = HERE.parents[1] / "spec" / "vectors"
VECTORS, TOKENS, PICTURES = (
    json.loads((_FOLDER / name).read_text(encoding="utf-8"))
    for name in ("text.json", "tokenizer.json", "image/steps.json")
)

_VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3, 64, 65, 4096, 65536, 1 << 20, (1 << 20) + 1, 2**53, 2**53 + 2, 2**63, 10**15),
    *(-0.0, 0.5, 1.5, 1e-9, 0.01, 0.02, 1e308, -1e308, 1e22, 5e-324, "NaN", "Infinity", "-Infinity"),
    *("", "a", "x", "float64", "int64", "string", "bool", "date", "datetime", "allowed", "refused", "generated"),
    *("2024-03-01", "2024-02-30", "__proto__", "constructor", "toString", "\u202e", "\U0001f600", "\x01", "a" * 5000),
    *([], {}, [[]], [1, 2], ["a", "b"], {"output": "value", "class": None}, [None, 1.0], [48, 10], {"rest": "keep"}),
]  # fmt: skip
_KEYS = [
    *("name", "dtype", "missing", "unknown", "categories", "category_names", "range", "observed", "typical", "title"),
    *("units", "description", "personal", "missing_as", "true_as", "false_as", "date_format", "width", "classes"),
    *("class_names", "columns", "headline", "stages", "ignored", "about", "tolerance", "relative", "scale", "source"),
    *("arrays", "dtype", "member", "shape"),
    *("steps", "step", "library", "filter", "to", "size", "by", "at", "value", "order", "layout", "decode", "mode"),
    *("model", "unknown", "added", "normalizer", "splitter", "template", "truncation", "padding", "trim", "ids"),
    *("lower", "accents", "pattern", "stop_words", "space", "prefix", "hash", "vocabulary", "rows", "cut", "x", ""),
]


STORED = array_cases.golden(array_cases.REFERENCE)


def seeds() -> Iterator[dict[str, Any]]:
    """Contracts and golden examples in order, by member."""
    outputs = {"value": {"relative": 1e-9, "worst": 0.0}}
    evidence = {
        "parity": {"compared": {"caller": 3}, "outputs": outputs},
        "rows": 3,
        "steps": [{"how": "graph", "path": "a"}],
        "notes": ["a note"],
        "metrics": {"r2": 0.5},
    }
    rest = {"evidence.json": evidence, "provenance.json": {"python": "3.11"}}
    yield {"contract.json": member_cases.CONTRACT, "golden/examples.json": member_cases.GOLDEN, **rest}
    yield {"contract.json": member_cases.CONTRACT, "golden/examples.json": STORED, **rest}
    members = seals.members()
    yield {name: json.loads(members[name]) for name in ("contract.json", "golden/examples.json")} | rest
    for name in VECTORS["stages"]:
        staged = member_cases.with_stages([{"field": 1, **VECTORS["stages"][name]}, member_cases.CHAR])
        yield {"contract.json": staged, "golden/examples.json": member_cases.GOLDEN, **rest}
    for group in TOKENS["stages"].values():
        stage = group["spec"] | {key: TOKENS["blobs"][digest] for key, digest in group["data"].items()}
        staged = member_cases.with_tokens(stage)
        yield {"contract.json": staged, "golden/examples.json": member_cases.GOLDEN, **rest}
    for case in PICTURES["cases"][:12]:
        contract, examples = member_cases.with_picture(case["spec"])
        yield {"contract.json": contract, "golden/examples.json": examples, **rest}
    rich = copy.deepcopy(member_cases.CONTRACT)
    rich["inputs"][0] |= {
        "range": [None, 3.5],
        "observed": [1.0, 2.0],
        "typical": 1.5,
        "units": "mg",
        "missing": "allowed",
    }
    rich["inputs"][1] |= {"categories": ["", "a"], "category_names": ["none", "A"], "unknown": "refused"}
    rich["outputs"][1] |= {"classes": [1, 2], "class_names": ["one", "two"]}
    rich |= {"headline": {"output": "label", "class": 1}, "ignored": [{"name": "id", "position": 1}], "title": "T"}
    yield {"contract.json": rich, "golden/examples.json": member_cases.GOLDEN, **rest}


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys or indices."""
    mutations: list[tuple[Any, Any]] = []
    open_ = [value]
    while open_ and len(mutations) < 20_000:
        item = open_.pop()
        pairs: list[tuple[Any, Any]] = list(item.items() if isinstance(item, dict) else enumerate(item))
        mutations += [(item, key) for key, _ in pairs]
        open_ += [inner for _, inner in pairs if isinstance(inner, dict | list)]
    return mutations


def mutate(members: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """One to three changes somewhere; small values are as likely as the places deep in a table of characters."""
    members = copy.deepcopy(members)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        name = rng.choice(
            ("contract.json", "contract.json", "golden/examples.json", "evidence.json", "provenance.json")
        )
        wrapped = {"": members[name]}
        listed = places(wrapped)
        holder, key = rng.choice(listed[:60] if rng.random() < 0.7 else listed)
        value = holder[key]
        change = rng.randrange(7)
        if change <= 2:
            holder[key] = copy.deepcopy(rng.choice(_VALUES))
        elif change == 3:
            other_holder, other_key = rng.choice(listed)
            holder[key] = copy.deepcopy(other_holder[other_key])
        elif change == 4 and holder is not wrapped:
            del holder[key]
        elif isinstance(value, dict):
            value[rng.choice(_KEYS)] = copy.deepcopy(rng.choice(_VALUES))
        elif isinstance(value, list):
            value += copy.deepcopy(value[: rng.choice((1, 2, 70))])
        elif isinstance(value, int | float) and not isinstance(value, bool):
            holder[key] = rng.choice((value + 1, -value, value * 1e6, float(value)))
        members[name] = wrapped[""]
    return members


def sealed(members: dict[str, Any]) -> bytes:
    """A sealed file of the members, digests right."""
    held, blobs = member_cases.parted(members["contract.json"])
    members = {**members, "contract.json": held}
    parts = {name.replace("/", "___").replace(".", "__"): heavy.spell(value) for name, value in members.items()}
    if array_cases.MEMBER in str(members["golden/examples.json"]):
        blobs |= {array_cases.MEMBER: array_cases.BODY}
        parts["reference___background__json"] = heavy.spell(array_cases.background(array_cases.BODY))
    return make.archive(make.whole(blobs, **parts))


def judged(data: bytes) -> str:
    """The verdict of the Python reader: "ok" or a code, with the message if the contract is malformed.

    Raises AssertionError for a finding.
    """
    begun = time.process_time()
    try:
        opened = seal.parse(data)
        contract = opened.contract()
        stages = Stages.of(contract)
        examples = golden.read_examples(opened.json("golden/examples.json"), contract, opened.members)
        for piece in stages.pieces(golden.encoded(examples, contract, stages).tensors):
            del piece
        verdict = "ok"
    except SealiftError as error:
        if not error.fix or len(str(error)) > 1500:
            raise AssertionError(f"an error without advice, or a long one: {str(error)[:300]}") from error
        verdict = f"{error.code} {error.where}: {error.what}" if error.code in ("E106", "E107") else error.code
    with tempfile.NamedTemporaryFile(suffix=".seal") as file, contextlib.redirect_stdout(io.StringIO()):
        file.write(data)
        file.flush()
        for as_json in (False, True):
            with contextlib.suppress(SealiftError):
                inspect.inspect(Path(file.name), as_json=as_json)
    if time.process_time() - begun > SECONDS:
        raise AssertionError(f"it took {time.process_time() - begun:.1f} s")
    return verdict


def bundled(folder: Path) -> list[str]:
    """The command that runs the TypeScript reader."""
    out = folder / "openings.mjs"
    options = ["--format", "esm", "--platform", "node", "-o", str(out)]
    bundler = APP / "node_modules/.bin/rolldown"
    subprocess.run([str(bundler), "test/openings.ts", *options], cwd=APP, check=True, capture_output=True)
    return ["node", str(out)]


def other(command: Sequence[str], files: Sequence[bytes]) -> list[str]:
    """The verdict of the TypeScript reader on each file."""
    lines = b"".join(base64.b64encode(data) + b"\n" for data in files)
    done = subprocess.run(command, input=lines, capture_output=True, check=True)
    return done.stdout.decode().split("\n")[:-1]


def run(runs: int, seed: int, report: Callable[[str], None] = print) -> Counter[str]:
    """How many cases had which code. Raises AssertionError for a finding, with the members that made it."""
    rng = random.Random(seed)
    starts = list(seeds())
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        command = bundled(Path(folder))
        for start in range(0, runs, 500):
            cases = [mutate(rng.choice(starts), rng) for _ in range(min(500, runs - start))]
            files = [sealed(case) for case in cases]
            mine = []
            for case, data in zip(cases, files, strict=True):
                try:
                    mine.append(judged(data))
                except Exception as error:
                    raise AssertionError(f"{type(error).__name__}: {error}\n{_shown(case)}") from error
            for case, python, script in zip(cases, mine, other(command, files), strict=True):
                if python != script:
                    raise AssertionError(f"Python: {python}; TypeScript: {script}\n{_shown(case)}")
            counts.update(verdict.split(" ")[0] for verdict in mine)
            report(f"{start + len(cases):,} cases: {dict(counts)}")
    return counts


def _shown(case: dict[str, Any]) -> str:
    return json.dumps(case)[:20_000]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    run(options.runs, options.seed)


if __name__ == "__main__":
    main()
