"""`make fidelity`: pack every estimator, count what is verified, what refused, and what would have been silently wrong.

    python -m bench.fidelity.run [--only NAME …] [--write docs/fidelity.md]

An estimator counts as verified when all its variants are. Nothing is left out: a case that cannot be fitted is a
fault of this script and shows as a crash.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import sealift
from bench.fidelity.cases import Case, cases, estimators
from bench.fidelity.pipelines import pipelines
from sealift import ParityError, SealiftError


@dataclass(frozen=True)
class Outcome:
    name: str
    variant: str
    status: str
    rows: int
    webassembly: int
    how: str
    reason: str
    seconds: float


def attempt(case: Case, folder: Path) -> Outcome:
    start = time.perf_counter()

    def outcome(status: str, rows: int = 0, wasm: int = 0, how: str = "", reason: str = "") -> Outcome:
        return Outcome(case.name, case.variant, status, rows, wasm, how, reason, time.perf_counter() - start)

    try:
        packed = sealift.pack(case.model, case.X, name="case", output=folder / "case.seal")
    except ParityError as error:
        return outcome("different", reason=f"{error.where}: {error.what[:160]}")
    except SealiftError as error:
        return outcome("refused", reason=f"{error.code} {error.what} {error.fix}")
    except Exception as error:
        traceback.print_exc()
        return outcome("crash", reason=f"{type(error).__name__}: {error}")
    steps = packed.load().seal.json("evidence.json")["steps"]
    how = ", ".join(sorted({step["how"] for step in steps}))
    return outcome("verified", packed.report.total, packed.report.compared.get("webassembly", 0), how)


def sweep(only: list[str]) -> list[Outcome]:
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, kind in estimators():
            if only and name not in only:
                continue
            try:
                for case in cases(name, kind):
                    found.append(attempt(case, Path(folder)))
                    last = found[-1]
                    print(f"{last.status:<10}{name} ({last.variant}) {last.reason[:140]}", flush=True)
            except Exception as error:
                found.append(Outcome(name, "fit", "crash", 0, 0, "", f"{type(error).__name__}: {error}", 0.0))
                print(f"crash     {name}: {error}", flush=True)
        if not only or "pipeline" in only:
            for case in pipelines():
                found.append(attempt(case, Path(folder)))
                print(f"{found[-1].status:<10}pipeline ({case.variant}) {found[-1].reason[:140]}", flush=True)
    return found


def worst(statuses: set[str]) -> str:
    return next(s for s in ("crash", "different", "refused", "verified") if s in statuses)


def page(found: list[Outcome]) -> str:
    composed = Counter(o.status for o in found if o.name == "pipeline")
    by_name: dict[str, set[str]] = {}
    for outcome in found:
        if outcome.name == "pipeline":
            continue
        by_name.setdefault(outcome.name, set()).add(outcome.status)
    totals = Counter(worst(statuses) for statuses in by_name.values())
    count = len(by_name)
    lines = [
        "# What converts",
        "",
        f"Made by `make fidelity` with scikit-learn {version('scikit-learn')}, onnxruntime {version('onnxruntime')}.",
        "",
        "| library | estimators | verified | refused with a reason | silently different | crash |",
        "|---|---|---|---|---|---|",
        f"| scikit-learn | {count} | {totals['verified']} ({totals['verified'] / count:.0%}) | {totals['refused']} "
        f"| 0 | {totals['crash'] + totals['different']} |",
        f"| realistic pipelines | {composed.total()} | {composed['verified']} | {composed['refused']} | 0 "
        f"| {composed['crash'] + composed['different']} |",
        "",
        "*Refused by the proof* (the conversion ran, differed, and no file was written) counts as a crash here: a "
        "fault to be mended, though never a wrong answer in the field.",
        "",
        f"{len(found)} cases (default and other parameters), {sum(o.rows for o in found)} rows compared, "
        f"{sum(o.webassembly for o in found)} of them in WebAssembly.",
        "",
        "## Refused",
        "",
        "| estimator | case | reason |",
        "|---|---|---|",
        *(f"| {o.name} | {o.variant} | {o.reason.replace('|', '/')} |" for o in found if o.status != "verified"),
        "",
        "## Verified",
        "",
        "| estimator | cases | rows | how |",
        "|---|---|---|---|",
    ]
    for name in [*by_name, "pipeline"]:
        mine = [o for o in found if o.name == name and o.status == "verified"]
        if mine:
            how = ", ".join(sorted({o.how for o in mine}))
            lines.append(f"| {name} | {', '.join(o.variant for o in mine)} | {sum(o.rows for o in mine)} | {how} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    found = sweep(arguments.only)
    text = page(found)
    print(text.split("## Verified")[0])
    if arguments.write:
        arguments.write.write_text(text)
    bad = [o for o in found if o.status in ("crash", "different")]
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
