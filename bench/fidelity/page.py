"""Write the page of results, and read the committed page to compare it with new results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias

from bench.fidelity.attempt import STATUSES, Outcome

Key: TypeAlias = tuple[str, str, str]
DISTRIBUTIONS = {
    "scikit-learn": ("scikit-learn",),
    "XGBoost": ("xgboost", "xgboost-cpu"),
    "LightGBM": ("lightgbm",),
    "CatBoost": ("catboost",),
    "own functions": ("numpy", "pandas"),
    "pipelines": (),
}
_HEAD = (
    "| library | kind | N | cases | verified | refused with a reason | refused by the proof | crash "
    "| silently different | rows, native | rows, WebAssembly | new rows |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
)
_MANY = " · "  # between the cases of one name; some cases have commas
SIGNS = ("|", _MANY.strip(), "\n")


def page(outcomes: Sequence[Outcome]) -> str:
    """All results, as Markdown."""
    other = [o for o in outcomes if o.status != "verified"]
    lines = [
        "# What converts",
        "",
        "For data scientists who want to know whether their model is supported. `make fidelity` generates this page: "
        "it fits and packs each model below, and compares it with its original row by row, in onnxruntime "
        f"{version('onnxruntime')} and in the WebAssembly engine of the page under Node. `.ci/run` repeats this and "
        "fails if a case has another result than on this page.",
        "",
        *head(outcomes),
        "",
        "*N* is the number of estimators or models. Each has one or more *cases*, which differ in parameters or data, "
        "and is verified if all of its cases are. *Refused by the proof* means that the model was converted and an "
        "answer differed, so no file was written; this is an error of the converter. *Rows* are the rows of the "
        "caller and the generated rows: both sides of thresholds, missing values, unknown categories, unusual "
        "strings, single rows. *New rows* were not used by `pack`; the written file predicts them at the end, and a "
        "*silent* difference would appear there. [Label flips of tree models](fidelity-trees.md) compares tree models "
        "on a million rows each.",
        "",
        "## Not verified",
        "",
        "For each of these cases no file is written, and the error names the step, the reason and the fix.",
        "",
        "| library and kind | name | case | result | reason |",
        "|---|---|---|---|---|",
        *(f"| {o.key[0]} | {o.name} | {o.variant} | {o.status} | {_cell(o.reason)} |" for o in other),
    ]
    for library, kinds in _grouped(outcomes, lambda o: o.library).items():
        for kind, of_kind in _grouped(kinds, lambda o: o.kind).items():
            lines += _verified(library, kind, of_kind)
    return "\n".join([*lines, ""])


def head(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table by library and kind, with a total for each library."""
    yield from _HEAD
    for library, mine in _grouped(outcomes, lambda o: o.library).items():
        kinds = _grouped(mine, lambda o: o.kind)
        versions = _versions(DISTRIBUTIONS.get(library, ()))
        if len(kinds) > 1:
            yield _row(f"**{library}**{versions}", "**all**", mine)
        for kind, of_kind in kinds.items():
            yield _row(library if len(kinds) > 1 else f"**{library}**{versions}", kind, of_kind)


def statuses(text: str) -> dict[Key, str]:
    """The status of each case on a page written by `page`."""
    status_of: dict[Key, str] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| ") or cells[0] in ("library and kind", "name"):
            continue
        if section == "Not verified":
            status_of[cells[0], cells[1], cells[2]] = cells[3]
        elif section:
            status_of |= {(section, cells[0], variant): "verified" for variant in cells[1].split(_MANY)}
    return status_of


def changes(before: Mapping[Key, str], outcomes: Iterable[Outcome], *, whole: bool) -> Iterator[str]:
    """The cases whose status differs from the page; cases on the page that were not tried are included if `whole`."""
    now = {outcome.key: outcome.status for outcome in outcomes}
    for key in dict.fromkeys([*before, *now]):
        was, has = before.get(key, "not on the page"), now.get(key, "not tried")
        if was != has and (whole or key in now):
            yield f"{', '.join(part for part in key if part)}: {was} → {has}"


def _verified(library: str, kind: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    good = [o for o in outcomes if o.status == "verified"]
    if not good:
        return
    yield from (
        "",
        f"## {library}: {kind}",
        "",
        "| name | cases | rows, native | rows, WebAssembly | new rows | how |",
    )
    yield "|---|---|--:|--:|--:|---|"
    for name, mine in _grouped(good, lambda o: o.name).items():
        how = ", ".join(sorted({part for o in mine for part in o.how.split(", ")}))
        variants = _MANY.join(o.variant for o in mine)
        yield f"| {name} | {variants} | {_rows(mine)} | {how} |"


def _row(library: str, kind: str, outcomes: Sequence[Outcome]) -> str:
    counts = Counter(
        max((o.status for o in mine), key=STATUSES.index)
        for mine in _grouped(outcomes, lambda o: f"{o.kind}: {o.name}").values()
    )
    count = counts.total()
    verified = f"{counts['verified']} ({100 * counts['verified'] // count} %)"  # never rounded up
    rest = " | ".join(str(counts[status]) for status in STATUSES[1:])
    return f"| {library} | {kind} | {count} | {len(outcomes)} | {verified} | {rest} | {_rows(outcomes)} |"


def _rows(outcomes: Sequence[Outcome]) -> str:
    sums = (sum(getattr(o, name) for o in outcomes) for name in ("native", "webassembly", "new_rows"))
    return " | ".join(f"{count:,}" for count in sums)


def _grouped(outcomes: Iterable[Outcome], part: Callable[[Outcome], str]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(part(outcome), []).append(outcome)
    return groups


def _cell(text: str) -> str:
    """Text with the characters escaped that end a cell or are markup."""
    return " ".join(text.replace("|", "/").replace("<", "&lt;").replace("*", r"\*").replace("_", r"\_").split())[:600]


def _versions(distributions: Iterable[str]) -> str:
    """The versions of the installed ones, with their names if there are several."""
    versions = []
    for name in distributions:
        try:
            versions.append((name, version(name)))
        except PackageNotFoundError:
            continue
    if len(versions) == 1:
        return f" {versions[0][1]}"
    return f" ({', '.join(f'{name} {number}' for name, number in versions)})" if versions else ""
