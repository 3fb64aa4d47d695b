"""`sealift inspect` and `sealift verify`."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sealift.cli import console
from sealift.cli.console import clean, pairs, say, styled, table
from sealift.cli.evidence import show
from sealift.contract import Field, labels, named_categories, readable
from sealift.errors import SealError

_SHOWN = 12
_UNKNOWN = (
    "    Without --key it is not known who made this file. Anyone can make one that passes these checks, its examples\n"
    "    included; they show that the file is intact and runs here, not that it is the model you expect."
)


def inspect(file: Path, *, as_json: bool) -> None:
    """Describe a sealed file; the graph is not loaded."""
    # There are no reference cycles, and the garbage collector would visit a million values several times.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        _inspect(file, as_json=as_json)
    finally:
        if was_enabled:
            gc.enable()


def _inspect(file: Path, *, as_json: bool) -> None:
    from sealift import seal as sealing

    seal = sealing.read(file)
    contract = seal.contract()
    evidence = seal.json("evidence.json")
    keys = [signature.keyid for signature in sealing.signatures(seal)]
    if as_json:
        del contract, evidence
        console.show_json(
            {
                "ok": True,
                **console.manifest(file, seal),
                "claimed_signers": keys,
                "members": {name: len(data) for name, data in sorted(seal.members.items())},
                **{
                    name: console.Spelled(seal.members[f"{name}.json"])
                    for name in ("contract", "evidence", "provenance")
                },
            }
        )
        return
    manifest = seal.manifest
    say(styled(clean(contract.title or manifest.name), "strong"))
    if contract.description:
        say(clean(contract.description))
    pairs(
        [
            ("name", f"{manifest.name} {manifest.version}"),
            ("task", manifest.task),
            ("identity", seal.identity),
            ("made by", manifest.producer),
            ("size", f"{sum(map(len, seal.members.values())):,} bytes"),
            ("signature", _claimed(keys)),
        ]
    )
    say(f"\nInputs: {len(contract.inputs)}")
    called = labels(contract.inputs)
    named = called == [f.name for f in contract.inputs]  # then the titles need no column
    table(
        [*([] if named else ["title"]), "column", "type", "may be missing", "values", "usual", "units"],
        (
            [
                *([] if named else [label]),
                f.name,
                f.dtype,
                "yes" if f.missing == "allowed" else "no",
                _values(f),
                _usual(f),
                f.units,
            ]
            for f, label in zip(contract.inputs, called, strict=True)
        ),
        total=len(contract.inputs),
    )
    if contract.ignored:
        names = [clean(column.name) for column in contract.ignored[:_SHOWN]]
        listed = ", ".join(names) + (" …" if len(contract.ignored) > _SHOWN else "")
        say(f"Ignored, present or not: {listed}")
    say(f"\nOutputs: {len(contract.outputs)}")
    table(
        ["name", "type", "title", "units", "columns"],
        [
            [
                o.name,
                o.dtype,
                o.title,
                o.units,
                ", ".join(o.first_columns(_SHOWN)) + (" …" if (o.width or 1) > _SHOWN else ""),
            ]
            for o in contract.outputs
        ],
        limit=80,
    )
    show(evidence)
    say(f"\nNext: sealift verify {clean(file)}")


def verify(
    file: Path, key: Path | None, *, seconds: float | None = None, memory: float | None = None, as_json: bool
) -> None:
    """Check a sealed file or a page on this machine. Raises E206 when a golden example is not reproduced.

    A page must be identical to the one that Sealift makes from the model inside it (E604, E605).
    """
    from sealift import seal as sealing
    from sealift.runtime import Limits, SealedModel
    from sealift.targets import page

    is_page = page.is_page(file)
    seal = page.check_page(file) if is_page else sealing.read(file)
    signers = [signature.keyid for signature in sealing.signatures(seal)]
    verified = sealing.verify_key(seal, sealing.load_public_key(key)) if key is not None else None
    # One time limit for loading the graph and running the examples together.
    limits = Limits(memory=memory, load_seconds=seconds)
    until = time.monotonic() + limits.bounds(len(seal.members["model.onnx"])).load
    with SealedModel(seal, limits=limits, until=until) as model:
        test = model.self_test()
    if not test.passed:
        raise SealError(
            "E206",
            f"{test.rows - test.matching} of {test.rows} golden examples come out differently on this machine.",
            where=str(file),
            fix="Do not use the model on this machine. Update onnxruntime, or inform its publisher.",
        )
    if as_json:
        report: dict[str, Any] = {"claimed_signers": signers, "verified_key": verified, "self_test": test.as_dict()}
        report |= {"source": model.examples.source, "page": is_page}
        console.show_json({"ok": True, **console.manifest(file, seal), **report})
        return
    good = styled("ok", "good")
    if is_page:
        say(f"{good}  the page is byte for byte the one that this version of Sealift makes from the model inside it")
    say(f"{good}  {len(seal.members)} members, all digests match; identity {seal.identity}")
    if verified is not None:
        say(f"{good}  signed by {verified}")
    else:
        say(f"--  {_claimed(signers)}")
    where = {"generated": "generated examples", "caller": "examples from real rows"}.get(
        model.examples.source, "examples"
    )
    answers = "the original model's answers" if verified is not None else "the answers recorded in the file"
    say(f"{good}  {test.matching} of {test.rows} {where} give {answers} on this machine")
    if verified is None:
        say(_UNKNOWN)


def _claimed(keys: Sequence[str]) -> str:
    """The signatures of a file, not checked against a key."""
    if not keys:
        return "not signed"
    return f"claims to be signed by {', '.join(f'{key[:16]}…' for key in keys)} (not checked)"


def _values(field: Field) -> str:
    if field.categories is not None:
        listed = ", ".join(named_categories(field, _SHOWN))
        return listed + (" …" if len(field.categories) > _SHOWN or field.unknown == "allowed" else "")
    if field.range is not None:
        low, high = field.range
        return f"{'' if low is None else _bound(low)} to {'' if high is None else _bound(high)}".strip()
    return "any"


def _usual(field: Field) -> str:
    return f"{_bound(field.observed[0])} to {_bound(field.observed[1])}" if field.observed else ""


def _bound(bound: float | str) -> str:
    return bound if isinstance(bound, str) else readable(bound)
