"""Try mutants, and report which of them no test notices: `make mutation` (docs/mutation.md).

What was tried is written to build/mutation/results.jsonl at once, so that a run goes on where the last one was ended.
`--write` moves it to results.tsv beside this file, which the repository keeps, so that a run on another machine goes on
from there.
"""

from __future__ import annotations

import os

os.environ |= {"ORT_DISABLE_TELEMETRY": "1", "CI": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import argparse
import fcntl
import importlib
import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

from bench.mutation import kept, trials
from bench.mutation.choice import Choice
from bench.mutation.mutants import Mutant, mutants_of
from bench.mutation.packages import PACKAGES, TESTS
from bench.mutation.plan import planned
from bench.mutation.reach import FOLDER, Reach
from bench.mutation.report import Result, is_explained, page, superfluous

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build/mutation"
TREE = WORK / "tree"
RESULTS = WORK / "results.jsonl"
_LIBRARIES = ("numpy", "pandas", "polars", "pyarrow", "onnx", "onnxruntime", "skl2onnx", "sklearn.pipeline")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anew", action="store_true", help="forget what was tried and measured")
    parser.add_argument("--retry", action="store_true", help="first, what survived without an explanation")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of the paths of files; of others none is tried")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after this time")
    parser.add_argument("--write", type=Path, help="write the page of the results, and results.tsv")
    parser.add_argument("--note", default="", help="a paragraph for the page: how this run was made")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the tests of a mutant, as they were measured")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="the tests that mutants are given to")
    asked = parser.parse_args()
    if asked.anew:
        shutil.rmtree(WORK, ignore_errors=True)
        kept.FILE.unlink(missing_ok=True)
    WORK.mkdir(parents=True, exist_ok=True)
    lock = (WORK / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held until the end: two runs would share one copy
    population = _population()
    chosen = planned(population)
    tried = kept.read(chosen)
    for key, several in _tried_before().items():
        tried.setdefault(key, []).extend(several)
    results = {key: several[-1] for key, several in tried.items()}
    if asked.retry:
        results = {key: result for key, result in results.items() if result.killed or is_explained(result)}
    left = [mutant for mutant in chosen if mutant.key not in results]
    left.sort(key=lambda mutant: mutant.key not in tried)  # with --retry, survivors come first
    todo = [mutant for mutant in left if any(part in mutant.path for part in asked.only)]
    print(f"{sum(map(len, population.values())):,} mutants, {len(chosen):,} planned, {len(todo):,} to try", flush=True)
    if todo:
        _copy()
        choice = Choice(ROOT, _reach(asked.tests), tuple(asked.tests), asked.seconds)
        ends = time.monotonic() + 60 * asked.minutes
        counts: Counter[str] = Counter()
        with RESULTS.open("a", encoding="utf-8") as file:
            for result in _tried(todo, choice, results):
                tried.setdefault(result.key, []).append(result)
                file.write(json.dumps(asdict(result)) + "\n")
                file.flush()
                counts[result.status] += 1
                if sum(counts.values()) % 50 == 0:
                    print(f"{sum(counts.values()):,} of {len(todo):,}: {dict(counts)}", flush=True)
                if time.monotonic() > ends:
                    break
    if asked.write:
        asked.write.write_text(page(population, chosen, tried, asked.note), encoding="utf-8")
        kept.write(chosen, tried)
        RESULTS.unlink(missing_ok=True)
        for path, function, becomes in sorted(superfluous(population)):
            print(f"explained.toml explains no mutant: {path}, {function}: {becomes}")


def _population() -> dict[str, list[Mutant]]:
    """The mutants of each file; kept, since it takes a minute to make them."""
    kept_in = WORK / "population.json"
    kept = json.loads(kept_in.read_text(encoding="utf-8")) if kept_in.exists() else {}
    made = sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in ("mutants.py", "operators.py")))
    population, described = {}, {}
    for package in PACKAGES:
        for file in sorted((ROOT / "src" / package).rglob("*.py")):
            path = str(file.relative_to(ROOT))
            digest = sha256(made.digest() + file.read_bytes()).hexdigest()
            if kept.get(path, {}).get("digest") == digest:
                population[path] = [Mutant(**mutant) for mutant in kept[path]["mutants"]]
            else:
                population[path] = list(mutants_of(ROOT, path))
            described[path] = {"digest": digest, "mutants": [asdict(mutant) for mutant in population[path]]}
    kept_in.write_text(json.dumps(described), encoding="utf-8")
    return population


def _tried_before() -> dict[str, list[Result]]:
    """What became of each mutant whenever it was tried, the first time first."""
    tried: dict[str, list[Result]] = {}
    for line in RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else ():
        result = Result(**json.loads(line))
        tried.setdefault(result.key, []).append(result)
    return tried


def _copy() -> None:
    """A copy of the repository's files, in which mutants are written."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    shutil.rmtree(TREE, ignore_errors=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    for name in ("src/sealift/front/built", "web/app/node_modules"):
        if (ROOT / name).exists():
            (TREE / name).symlink_to((ROOT / name).resolve())


def _reach(tests: Sequence[str]) -> Reach:
    """Which tests execute which lines; files of tests that were not measured yet are measured now."""
    folder = WORK / "reach"
    folder.mkdir(exist_ok=True)
    files = [file for path in tests for file in sorted(_files(ROOT / path))]
    measured = Reach.read(folder, ROOT).files
    missing = [str(path) for file in files if str(path := file.relative_to(ROOT)) not in measured]
    if missing:
        print(f"measuring what {len(missing)} files of tests execute", flush=True)
        options = ["-q", "-p", "bench.mutation.reach", "-p", "no:cacheprovider"]
        environment = os.environ | {FOLDER: str(folder), "PYTHONPATH": f"src{os.pathsep}."}
        environment["PYTHONPATH"] += os.pathsep + os.environ.get("PYTHONPATH", "")
        subprocess.run([sys.executable, "-m", "pytest", *options, *missing], cwd=ROOT, env=environment, check=False)
    return Reach.read(folder, ROOT)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("test_*.py"))


def _tried(todo: Sequence[Mutant], choice: Choice, known: dict[str, Result]) -> Iterator[Result]:
    for library in _LIBRARIES:
        importlib.import_module(library)
    killers: dict[str, Counter[str]] = {}
    for result in known.values():
        killers.setdefault(result.path, Counter())[result.test] += 1
    server, commit = _Server(choice.paths), _commit()
    if first := next((mutant for mutant in todo if choice.tests_of(mutant, Counter())[0]), None):
        _check_unchanged(first, choice, server)
    for mutant in todo:
        outcome = _outcome(mutant, choice, server, killers.setdefault(mutant.path, Counter()))
        if outcome.status == "killed":
            killers[mutant.path][outcome.test] += 1
        yield Result.of(mutant, outcome.status, outcome.test, outcome.seconds, commit)


def _commit() -> str:
    """The commit that is checked out, in short."""
    command = ["git", "rev-parse", "--short=10", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _outcome(mutant: Mutant, choice: Choice, server: _Server, killers: Counter[str]) -> trials.Outcome:
    source = (TREE / mutant.path).read_text(encoding="utf-8")
    while True:
        tests, at_import = choice.tests_of(mutant, killers)
        if not tests:
            return trials.Outcome("no test", "", 0.0)
        seconds = [choice.reach.seconds[test] for test in tests]
        trial = trials.Trial(mutant.path, source, mutant.applied(source), tests, seconds)
        outcome = server.ask(trial)
        if outcome is None or (at_import and outcome.status == "survived"):
            return trials.imported_anew(trial, TREE)
        if outcome.status == "timeout" and outcome.test in tests:
            unchanged = trials.Trial(mutant.path, source, source, [outcome.test], [60.0])
            again = server.ask(unchanged)
            if again is None or again.status != "survived":
                choice.waiting.add(outcome.test)
                print(f"left out, since it fails or does not end in a forked process: {outcome.test}", flush=True)
                continue
        return outcome


def _check_unchanged(mutant: Mutant, choice: Choice, server: _Server) -> None:
    """Raise RuntimeError when tests fail without any change."""
    source = (TREE / mutant.path).read_text(encoding="utf-8")
    tests = choice.tests_of(mutant, Counter())[0][:20]
    trial = trials.Trial(mutant.path, source, source, tests, [60.0] * len(tests))
    for outcome in (server.ask(trial), trials.imported_anew(trial, TREE)):
        if outcome is None or outcome.status != "survived":
            raise RuntimeError(f"tests fail without a mutant: {outcome}")


class _Server:
    """The process that has collected the tests; started when it is needed, and again if it ends."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._connection: Connection | None = None

    def ask(self, trial: trials.Trial) -> trials.Outcome | None:
        try:
            connection = self._connection or self._started()
            connection.send(trial)
            answer: trials.Outcome | None = connection.recv()
        except EOFError:
            self._connection = None
            return None
        return answer

    def _started(self) -> Connection:
        mine, other = multiprocessing.Pipe()
        fork = multiprocessing.get_context("fork")
        process = fork.Process(target=trials.collected, args=(other, mine, TREE, self._paths), daemon=True)
        process.start()
        other.close()
        print(f"{mine.recv():,} tests collected", flush=True)
        self._connection = mine
        return mine


if __name__ == "__main__":
    main()
