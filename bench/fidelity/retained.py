"""`make retained`: what each estimator of the sweep retains, what its card states, and a search of the bytes.

    python -m bench.fidelity.retained [--only NAME …] [--write PAGE] [--processes 2]

Each estimator is fitted on data in which every number is unmistakable, and packed with its training rows. Then every
byte of the file is searched for those numbers, by code that shares nothing with the comparison of `pack`. It exits with
1 where the search finds values of single rows and the card says that none was found.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import all_estimators

import sealift
from bench.fidelity.byte_search import numbers_in, strings_in
from bench.fidelity.estimators import INFERENCE, _make
from bench.fidelity.samples import sample
from sealift import SealiftError
from sealift.stats import SMALL

_FEW = 3  # values that a file may share with thousands of unrelated numbers as float32
_TELLING = 6  # significant digits


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: the estimator.
        retained: what `pack` reports, by kind with counts; the reason, where it refuses the model.
        card: the first sentence of the card's privacy section.
        rows, values, targets, strings: how many of the planted rows, values, targets and strings the search finds; a
            row counts if all of its planted values stand in the file.
        planted: how many values were planted.
        fault: whether the card says that nothing was found and the search finds something.
    """

    name: str
    retained: str
    card: str
    rows: int = 0
    values: int = 0
    targets: int = 0
    strings: int = 0
    planted: int = 0
    fault: bool = False


def estimators() -> dict[str, Callable[[], Any]]:
    """Every scikit-learn estimator with an inference API, and those of the boosters, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = all_estimators()
    makers: dict[str, Callable[[], Any]] = {
        name: partial(_make, name, kind, {})
        for name, kind in every
        if any(hasattr(kind, method) for method in INFERENCE)
    }
    from catboost import CatBoostClassifier, CatBoostRegressor
    from lightgbm import LGBMClassifier, LGBMRegressor
    from xgboost import XGBClassifier, XGBRegressor

    makers |= {kind.__name__: kind for kind in (XGBClassifier, XGBRegressor)}
    makers |= {kind.__name__: partial(kind, verbose=-1) for kind in (LGBMClassifier, LGBMRegressor)}
    few = {"verbose": 0, "iterations": 50, "allow_writing_files": False}
    return makers | {kind.__name__: partial(kind, **few) for kind in (CatBoostClassifier, CatBoostRegressor)}


def examined(name: str) -> Row:
    """Fit, pack and search one estimator."""
    model = _known()[name]()
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        X, y = sample(name, model)
        X, y = planted(X), planted(y) if is_regressor(model) or _several(y) else y
        supervised = y is not None and (is_classifier(model) or is_regressor(model) or _several(y))
        try:
            model = model.fit(X) if y is None else model.fit(X, y)
            truth = y if supervised else None
            packed = sealift.pack(
                model,
                X,
                truth,
                name="m",
                output=Path(folder) / "m.seal",
                privacy=sealift.PrivacyOptions(training=(X, truth)),
                proof=sealift.ProofOptions(engines=["native"]),
            )
        except (SealiftError, ValueError, TypeError) as error:
            code = getattr(error, "code", "")
            return Row(name, f"not packed: {code or type(error).__name__}", "")
        data = packed.path.read_bytes()
        card = bytes(packed.load().seal.members["card.md"]).decode()
    return _row(name, packed, card, data, X, truth)


def _row(name: str, packed: Any, card: str, data: bytes, X: Any, truth: Any) -> Row:
    table = _numbers(X)
    values = telling(table)
    held = numbers_in(data, values)
    unmistakable = set(values.tolist())
    each = [[v for v in row if v in unmistakable] for row in table.tolist()]
    rows = sum(1 for row in each if len(row) > 1 and all(v in held for v in row))
    targets = numbers_in(data, telling(_numbers(truth))) if truth is not None else set()
    strings = strings_in(data, _strings(X))
    said = card.split("## Privacy\n\n")[1].splitlines()[0].strip("*")
    clean = said.startswith("No single record")
    kinds = [f"{finding.kind} ({finding.count:,})" for finding in packed.privacy.findings]
    is_retained = max(len(held), len(targets)) > _FEW or bool(strings)
    return Row(
        name,
        ", ".join(kinds),
        said,
        rows,
        len(held),
        len(targets),
        len(strings),
        len(values),
        fault=clean and is_retained,
    )


def planted(values: Any) -> Any:
    """The same data with unique numbers: each is shifted by up to a tenth of its column's deviation."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        return values
    spread = np.nanstd(values, axis=0) / 10
    moved: Any = values + np.random.default_rng(3).uniform(0, 1, values.shape) * spread
    return moved


def telling(table: Any) -> Any:
    """The distinct numbers with many digits that fewer than SMALL rows have."""
    flat = table[np.isfinite(table)]
    values, count = np.unique(flat, return_counts=True)
    short = np.array([float(f"{value:.{_TELLING}g}") for value in values.tolist()])
    return values[(count < SMALL) & (values != short)]


def _several(y: Any) -> bool:
    return isinstance(y, np.ndarray) and y.ndim == 2 and y.dtype.kind == "f"


def _numbers(values: Any) -> Any:
    if isinstance(values, list) and values and isinstance(values[0], dict):
        values = [[v for v in row.values() if isinstance(v, float)] for row in values]
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return np.zeros((0, 1))
    return array.reshape(len(array), -1)


def _strings(X: Any) -> list[str]:
    """Whole strings that fewer than SMALL rows have."""
    if not (isinstance(X, list) and X and isinstance(X[0], str)):
        return []
    return [text.lower() for text in set(X) if X.count(text) < SMALL and len(text) > 12]


_known = cache(estimators)


def page(rows: Sequence[Row]) -> str:
    """The table, as Markdown."""
    lines = [
        "# What a file retains of the training data",
        "",
        "For data protection officers. `make retained` generates this page: it fits each estimator on rows whose "
        "numbers have so many digits that none is in a file by chance, and packs it with these rows as `training`. "
        "*Reported* is what `pack`, the model card and `inspect` report. Then a program that does not use the "
        "structure of the graph searches every byte of the file for these numbers, as float64, float32, int64 and "
        "decimal text: *rows* that the file contains with all their numbers, single *values*, and *targets*. The "
        "search does not find numbers that are shifted or scaled; the comparison of `pack` does. "
        "[What is compared, and what is not](explanation/privacy.md).",
        "",
        *head(rows),
        "",
        "| estimator | reported | card says | rows found | values found | of | targets found | strings found |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        says = "nothing found" if row.card.startswith("No single record") else "retains" if row.card else ""
        counts = f"{row.rows:,} | {row.values:,} | {row.planted:,} | {row.targets:,} | {row.strings:,}"
        lines.append(f"| {row.name} | {row.retained or 'nothing'} | {says} | {counts if row.card else ' | | | | '} |")
    return "\n".join([*lines, ""])


def head(rows: Sequence[Row]) -> Iterator[str]:
    """The counts in a sentence each."""
    packed = [row for row in rows if row.card]
    clean = [row for row in packed if row.card.startswith("No single record")]
    faults = sum(row.fault for row in rows)
    yield (
        f"Of {len(rows)} estimators, {len(packed)} were packed. For {len(clean)} of them the model card says that no "
        f"data of single records were found; for {len(packed) - len(clean)} it says which data are retained. In "
        f"{faults} files, the search finds data although the card says that there are none."
    )


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these estimators")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    names = [name for name in _known() if not options.only or name in options.only]
    with ProcessPoolExecutor(options.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        rows = []
        for row in pool.map(examined, names):
            rows.append(row)
            print(f"{len(rows)}/{len(names)} {row.name}: {row.retained or 'nothing'} · found {row.rows} rows, "
                  f"{row.values} of {row.planted} values, {row.targets} targets, {row.strings} texts"
                  + " · FAULT" * row.fault, flush=True)  # fmt: skip
    if options.write:
        options.write.write_text(page(rows), encoding="utf-8")
    print("\n".join(head(rows)))
    for row in rows:
        if row.fault:
            print(
                f"{row.name}: the card says that nothing was found, but the bytes hold planted values", file=sys.stderr
            )
    return int(any(row.fault for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
