"""`make fidelity`: pack every case, and report what is verified, what is refused and why, and what is a fault.

    python -m bench.fidelity.run [--only TEXT …] [--write PAGE | --check PAGE] [--json FILE] [--processes 2]

It exits with 1 when a conversion differs, when anything crashes, and, with --check, when a case has another status
than on the committed page. Numbers of rows and times are not compared, since they depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict
from functools import cache
from pathlib import Path

from bench.fidelity.attempt import FAULTS, Outcome, attempt
from bench.fidelity.case import Case
from bench.fidelity.catalogue import catalogue
from bench.fidelity.page import changes, head, page, statuses

_cases = cache(lambda: list(catalogue()))


def tried(index: int) -> Outcome:
    """Try a case by its index, since models with lambdas cannot be sent to another process."""
    return attempt(_cases()[index])


def chosen(cases: Sequence[Case], only: Sequence[str]) -> Iterator[int]:
    """The indices of the cases with one of the words in library, kind, name or variant; of all cases without words."""
    for index, case in enumerate(cases):
        label = f"{case.library} {case.kind} {case.name} {case.variant}".lower()
        if not only or any(word.lower() in label for word in only):
            yield index


def sweep(only: Sequence[str], processes: int) -> list[Outcome]:
    """Try the cases, and print the outcome of each; the result is in the order of the catalogue."""
    cases = _cases()
    picked = list(chosen(cases, only))
    outcome_at: dict[int, Outcome] = {}
    # New processes, since a fork of one in which OpenMP has threads may hang.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: dict[Future[Outcome], int] = {pool.submit(tried, index): index for index in picked}
        for number, future in enumerate(as_completed(waiting), start=1):
            index = waiting[future]
            try:
                outcome_at[index] = future.result()
            except Exception as error:  # when a process dies, its waiting cases fail
                case = cases[index]
                reason = f"{type(error).__name__}: {error}"
                outcome_at[index] = Outcome(case.library, case.kind, case.name, case.variant, "crash", reason=reason)
            _print(f"{number}/{len(picked)}", outcome_at[index])
    return [outcome_at[index] for index in picked]


def _print(count: str, o: Outcome) -> None:
    name = ", ".join(part for part in (o.library, o.name, o.variant) if part)
    print(f"{count:>9} {o.status:<9} {o.seconds:5.1f} s  {name}  {o.reason[:160]}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="TEXT", help="only cases whose names contain this")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", type=Path, metavar="PAGE", help="write the page")
    what.add_argument("--check", type=Path, metavar="PAGE", help="fail if a case has another status than on this page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all outcomes with their times")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    if options.only and options.write:
        parser.error("the page needs all cases: --write without --only")
    return options


def main() -> int:
    """The exit status."""
    options = _arguments()
    # Each process uses one processor; the libraries read this when they are loaded.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    start = time.perf_counter()
    outcomes = sweep(options.only, options.processes)
    if not outcomes:
        print("No case has that in its name.", file=sys.stderr)
        return 2
    if options.json:
        options.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1), encoding="utf-8")
    if options.write:
        options.write.write_text(page(outcomes), encoding="utf-8")
    print("\n" + "\n".join(head(outcomes)))
    print(f"\n{len(outcomes)} cases in {(time.perf_counter() - start) / 60:.1f} minutes.")
    faults = [f"{', '.join(o.key)}: {o.status}: {o.reason}" for o in outcomes if o.status in FAULTS]
    if options.check:
        committed = statuses(options.check.read_text(encoding="utf-8"))
        faults += [f"{options.check}: {line}" for line in changes(committed, outcomes, whole=not options.only)]
        if not faults:
            print(f"As on {options.check}.")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
