"""Read Parquet files in bounded memory: those of `hostile_parquet`, and files with bits changed in their headers.

`python tests/attacks/fuzz_parquet.py --runs 20000` prints how many were read and how many refused.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import hostile_parquet
import parquet_bytes
from sealift.batch.parquet import ParquetReader
from sealift.errors import FileError

ADDRESSES = 3 << 30  # the libraries alone map 1 GB
RESIDENT = 1 << 20  # kB
SECONDS = 10.0  # of a processor, for a file
_HEADER = 100  # bits are changed in so many bytes from the start of a page


def read(data: bytes) -> str | None:
    """What is wrong with the file; None when all its rows were read. Raises whatever is no coded error."""
    begun, rows = time.process_time(), 0
    try:
        names = ["age", "weight", "sex", "id"]
        reader = ParquetReader(io.BytesIO(data), "in")
        if any(reader.names.count(name) != 1 for name in names):
            return "other columns"
        for chunk in reader.chunks(names, 4096, ["age", "weight"]):
            rows += chunk.count
        assert rows <= reader.done()[1]
        result = None
    except FileError as error:
        result = str(error)
        if error.code != "E404" or not error.fix or "alloc" in result or len(result) > 800:
            raise AssertionError(f"an allocation was tried, or the error is of another form: {result}") from error
    assert time.process_time() - begun < SECONDS
    used = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    assert used < RESIDENT, used
    return result


def mutants(rng: random.Random) -> Iterator[bytes]:
    """Files with bits changed in page headers or the footer, without end."""
    starts = []
    for options in hostile_parquet.VARIANTS.values():
        data = hostile_parquet.written(**options)
        places, at = [], 4
        for page in (page for pages in parquet_bytes.take_apart(data).chunks for page in pages):
            places.append((at, min(_HEADER, len(page.spell()))))
            at += len(page.spell())
        footer = int.from_bytes(data[-8:-4], "little")
        starts.append((data, [*places, *[(len(data) - 8 - footer, footer + 8)] * len(places)]))
    while True:
        data, places = rng.choice(starts)
        at, size = rng.choice(places)
        changed = bytearray(data)
        for _ in range(rng.choice([1, 1, 2, 3, 8])):
            place = at + rng.randrange(size)
            changed[place] = rng.choice([changed[place] ^ (1 << rng.randrange(8)), rng.randrange(256), 255, 0])
        yield bytes(changed)


def run(runs: int, seed: int) -> Counter[str]:
    """How many changed files were read and refused. Raises AssertionError for a finding, with the file's bytes."""
    counts: Counter[str] = Counter()
    for _, data in zip(range(runs), mutants(random.Random(seed)), strict=False):
        try:
            counts["read" if read(data) is None else "refused"] += 1
        except BaseException as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{data.hex()}") from error
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", action="store_true", help="read the files of hostile_parquet instead")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    if options.cases:
        for name, data in hostile_parquet.cases():
            sys.stdout.write(json.dumps([name, read(data)]) + "\n")
            sys.stdout.flush()
    else:
        sys.stdout.write(json.dumps(run(options.runs, options.seed)) + "\n")


if __name__ == "__main__":
    main()
