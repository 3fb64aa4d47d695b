"""The steps of the demo: train, pack, verify, sign, predict, make the page, and check its answers in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sealift import batch, runtime, seal
from sealift.demo import browser, data
from sealift.errors import FileError, MissingExtraError, ParityError, SealiftError
from sealift.targets.page import build_page

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from sealift.packing import Packed

Say: TypeAlias = Callable[[str, str], None]
"""A function that is called with the name and the result of each finished step."""

_CLOSE = 1e-6


@dataclass(frozen=True)
class Result:
    """The files and measurements of the demo; `skipped` states what could not be checked on this machine, and why."""

    seal: str
    page: str
    screenshot: str | None
    identity: str
    seal_bytes: int
    page_bytes: int
    rows_verified: int
    browser_rows: int
    labels_equal: int
    worst_probability: float
    ready_seconds: float
    requests: Sequence[str]
    skipped: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        return asdict(self)


def run(out: Path | str = "demo", *, say: Say = lambda *_: None) -> Result:
    """Run all steps on real data, and write the files to the folder `out`.

    Args:
        out: created if missing. Files of an earlier run are replaced, except its key, which is used again.
        say: called after each step.

    Raises:
        SealiftError: when a step fails.
    """
    out = Path(out)
    _folder(out)
    model, X, y = _train(say)
    sealed = out / "breast-cancer.seal"
    packed = _pack(model, X, y, sealed, say)
    _sign(sealed, out / "demo-key", say)
    rows = out / "breast-cancer.csv"
    X.to_csv(rows, index=False)
    expected = model.predict(X), model.predict_proba(X)
    summary = batch.score(runtime.load(sealed), rows, out / "breast-cancer.answers.csv")
    say("predict", f"{summary.rows} rows of {rows.name} answered, {summary.refused} refused")
    page = build_page(sealed, out / "breast-cancer.html")
    say("app", f"{page.path.name}, {page.size / 1e6:.1f} MB, opens without Python, server or network")
    seen, skipped = _browse(page.path, rows, out / "breast-cancer.png", say)
    equal, worst = _compare(seen, expected, say) if seen else (0, 0.0)
    return Result(
        seal=str(sealed),
        page=str(page.path),
        screenshot=str(out / "breast-cancer.png") if seen else None,
        identity=packed.identity,
        seal_bytes=sealed.stat().st_size,
        page_bytes=page.size,
        rows_verified=packed.report.total,
        browser_rows=len(seen.rows) if seen else 0,
        labels_equal=equal,
        worst_probability=worst,
        ready_seconds=round(seen.ready, 2) if seen else 0.0,
        requests=seen.requests if seen else [],
        skipped=skipped,
    )


def _folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(
            "E402", f"The folder cannot be created: {reason}.", where=str(out), fix="Choose another with --out."
        ) from error


def _train(say: Say) -> tuple[Any, pd.DataFrame, npt.NDArray[np.int64]]:
    modules = {"pandas": "pandas", "scikit-learn": "sklearn", "onnx": "onnx"}
    absent = [name for name, module in modules.items() if find_spec(module) is None]
    if absent:
        raise MissingExtraError(
            "E405",
            f"The demo needs packages that are not installed: {', '.join(absent)}.",
            fix="Install them with: pip install 'sealift[demo]'.",
        )
    start = time.perf_counter()
    X, y = data.load()
    model = data.train(X[::2], y[::2])
    say("train", f"a forest of 200 trees on {len(X[::2])} of {len(X)} patients, in {time.perf_counter() - start:.1f} s")
    return model, X, y


def _pack(model: Any, X: pd.DataFrame, y: npt.NDArray[np.int64], sealed: Path, say: Say) -> Packed:
    from sealift.packing import ContractOptions, OutputFile, pack

    start = time.perf_counter()
    packed = pack(
        model,
        X[1::2],
        y[1::2],
        name="breast-cancer",
        output=OutputFile(sealed, overwrite=True),
        contract=ContractOptions(fields=data.fields(X), class_names=data.CLASS_NAMES, headline=("probability", 0)),
        card=data.CARD,
    )
    took = time.perf_counter() - start
    say("pack", f"{sealed.name}, {sealed.stat().st_size / 1e3:.0f} kB, in {took:.1f} s")
    say(
        "verify",
        f"same answers as scikit-learn on all {packed.report.total} rows, including thresholds and missing values",
    )
    return packed


def _sign(sealed: Path, key: Path, say: Say) -> None:
    if not key.exists():
        seal.generate_keys(key)
    seal.write(sealed, seal.sign(seal.read(sealed), seal.load_private_key(key)))
    public = seal.load_public_key(key.with_name(key.name + ".pub"))
    say("sign", f"by key {seal.verify_key(seal.read(sealed), public)[:16]}…")


def _browse(page: Path, rows: Path, screenshot: Path, say: Say) -> tuple[browser.BrowserResult | None, list[str]]:
    chromium = browser.find()
    if chromium is None:
        skipped = "the check in a browser, since no Chromium is installed (on Debian: apt-get install chromium)"
    else:
        try:
            seen = browser.open_page(page, rows, screenshot=screenshot, chromium=chromium)
        except FileError as error:
            if error.code != "E405":
                raise
            skipped = f"the check in a browser: {error.what} {error.fix}"
        else:
            return seen, []
    say("skipped", skipped)
    return None, [skipped]


def _compare(
    seen: browser.BrowserResult, expected: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]], say: Say
) -> tuple[int, float]:
    """The number of equal labels, and the largest difference of a probability.

    Raises:
        ParityError: E303 when an answer differs.
        SealiftError: E603 when the page sent a request.
    """
    labels, probability = expected
    equal = sum(int(row["label"]) == int(label) for row, label in zip(seen.rows, labels, strict=True))
    worst = max(
        abs(float(row[f"probability_{name}"]) - float(values[k]))
        for row, values in zip(seen.rows, probability, strict=True)
        for k, name in enumerate(data.CLASS_NAMES)
    )
    say(
        "browser",
        f"{equal} of {len(labels)} labels equal scikit-learn's, probabilities within {worst:.0e}; {seen.verified}; "
        f"first prediction after {seen.ready:.1f} s; {len(seen.requests)} network requests",
    )
    if equal < len(labels) or worst > _CLOSE:
        raise ParityError(
            "The page answers differently from scikit-learn.",
            where="browser",
            fix="Please report this browser's version.",
            report=None,
        )
    if seen.requests:
        raise SealiftError(
            "E603", "The page sent a request to the network.", fix=f"Please report it: {seen.requests[0]}."
        )
    return equal, worst
