"""The steps of the demo: train, pack, verify, sign, predict, make the page, and check its answers in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sealift import batch, runtime, seal
from sealift.demo import browser, digits, sentences, tumours
from sealift.demo.case import Case, Trained
from sealift.errors import FileError, MissingExtraError, ParityError, SealiftError
from sealift.targets.page import build_page

if TYPE_CHECKING:
    from sealift.packing import Packed

Say: TypeAlias = Callable[[str, str], None]
"""A function that is called with the name and the result of each finished step."""

KINDS: Mapping[str, Case] = {"table": tumours.CASE, "image": digits.CASE, "text": sentences.CASE}
"""The demos, by what a row of the model is."""


@dataclass(frozen=True)
class Result:
    """The files and measurements of the demo.

    `rows` is the table or the folder of pictures that is predicted; `skipped` states what could not be checked on this
    machine, and why.
    """

    seal: str
    page: str
    rows: str
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


def run(out: Path | str = "demo", *, kind: str = "table", say: Say = lambda *_: None) -> Result:
    """Run all steps on real data, and write the files to the folder `out`.

    Args:
        out: created if missing. Files of an earlier run are replaced, except its key, which is used again.
        kind: a key of `KINDS`: what a row of the model is.
        say: called after each step.

    Raises:
        SealiftError: when a step fails.
    """
    out, case = Path(out), KINDS[kind]
    _need(case)
    _folder(out)
    start = time.perf_counter()
    trained = case.train(out)
    say("train", f"{trained.summary}, in {time.perf_counter() - start:.1f} s")
    sealed, screenshot = out / f"{case.name}.seal", out / f"{case.name}.png"
    packed = _pack(case, trained, sealed, say)
    _sign(sealed, out / "demo-key", say)
    summary = batch.score(runtime.load(sealed), trained.rows, out / f"{case.name}.answers.csv")
    say("predict", f"{summary.rows} rows of {trained.rows.name} answered, {summary.refused} refused")
    page = build_page(sealed, out / f"{case.name}.html")
    say("app", f"{page.path.name}, {page.size / 1e6:.1f} MB, opens without Python, server or network")
    seen, skipped = _browse(page.path, case, trained, screenshot, say)
    equal, worst = _compare(seen, case, trained, say) if seen else (0, 0.0)
    return Result(
        seal=str(sealed),
        page=str(page.path),
        rows=str(trained.rows),
        screenshot=str(screenshot) if seen else None,
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


def _need(case: Case) -> None:
    absent = [name for name, module in case.modules.items() if find_spec(module) is None]
    if absent:
        raise MissingExtraError(
            "E405",
            f"The demo needs packages that are not installed: {', '.join(absent)}.",
            fix=f"Install them with: pip install 'sealift[{case.extras}]'.",
        )


def _folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(
            "E402", f"The folder cannot be created: {reason}.", where=str(out), fix="Choose another with --out."
        ) from error


def _pack(case: Case, trained: Trained, sealed: Path, say: Say) -> Packed:
    from sealift.packing import OutputFile, pack

    start = time.perf_counter()
    packed = pack(
        trained.model,
        trained.X,
        trained.y,
        name=case.name,
        output=OutputFile(sealed, overwrite=True),
        **trained.options,
    )
    took = time.perf_counter() - start
    say("pack", f"{sealed.name}, {sealed.stat().st_size / 1e3:.0f} kB, in {took:.1f} s")
    say("verify", f"same answers as {case.proved.format(packed.report.total)}")
    return packed


def _sign(sealed: Path, key: Path, say: Say) -> None:
    if not key.exists():
        seal.generate_keys(key)
    seal.write(sealed, seal.sign(seal.read(sealed), seal.load_private_key(key)))
    public = seal.load_public_key(key.with_name(key.name + ".pub"))
    say("sign", f"by key {seal.verify_key(seal.read(sealed), public)[:16]}…")


def _browse(
    page: Path, case: Case, trained: Trained, screenshot: Path, say: Say
) -> tuple[browser.BrowserResult | None, list[str]]:
    chromium = browser.find()
    if chromium is None:
        skipped = "the check in a browser, since no Chromium is installed (on Debian: apt-get install chromium)"
    else:
        try:
            seen = browser.open_page(
                page,
                trained.rows,
                first=case.first,
                all_rows=case.all_rows,
                screenshot=screenshot,
                chromium=chromium,
            )
        except FileError as error:
            if error.code != "E405":
                raise
            skipped = f"the check in a browser: {error.what} {error.fix}"
        else:
            return seen, []
    say("skipped", skipped)
    return None, [skipped]


def _compare(seen: browser.BrowserResult, case: Case, trained: Trained, say: Say) -> tuple[int, float]:
    """The number of equal labels, and the largest difference of a probability.

    Raises:
        ParityError: E303 when an answer differs.
        SealiftError: E603 when the page sent a request.
    """
    labels, probability = trained.labels, trained.probability
    equal = sum(int(row["label"]) == int(label) for row, label in zip(seen.rows, labels, strict=True))
    worst = max(
        abs(float(row[f"probability_{name}"]) - float(values[k]))
        for row, values in zip(seen.rows, probability, strict=True)
        for k, name in enumerate(case.class_names)
    )
    say(
        "browser",
        f"{equal} of {len(labels)} labels equal {case.original}, probabilities within {worst:.0e}; {seen.verified}; "
        f"first prediction after {seen.ready:.1f} s; {len(seen.requests)} network requests",
    )
    if equal < len(labels) or worst > case.close:
        raise ParityError(
            f"The answers of the page are not {case.original}.",
            where="browser",
            fix="Please report this browser's version.",
            report=None,
        )
    if seen.requests:
        raise SealiftError(
            "E603", "The page sent a request to the network.", fix=f"Please report it: {seen.requests[0]}."
        )
    return equal, worst
