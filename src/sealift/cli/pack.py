"""`sealift pack`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.cli import console
from sealift.cli.console import clean, pairs, say, styled

if TYPE_CHECKING:
    from sealift.packing import Report


def run(
    model: str,
    data: Path,
    *,
    name: str,
    target: str | None,
    version: str,
    output: Path | None,
    contract_file: Path | None,
    drop: Sequence[str],
    tolerance: float | None,
    keep_rows: bool,
    training: Path | None,
    privacy: str,
    sign_with: Path | None,
    password_prompt: bool,
    password_file: Path | None,
    preprocess: Path | None = None,
    class_names: str | None = None,
    engines: str | None,
    optimize: str | None,
    overwrite: bool,
    trust: Sequence[str],
    trust_pickle: bool,
    seconds: float | None = None,
    memory: float | None = None,
    as_json: bool,
) -> None:
    """Load model and rows, pack, sign, and print a summary of the proof."""
    from sealift.cli import net_rows
    from sealift.cli.contract_file import ContractFile, read_contract_file
    from sealift.cli.keys import open_key
    from sealift.packing import ContractOptions, OutputFile, PrivacyOptions, ProofOptions, pack
    from sealift.packing.inputs.row_format import as_taken
    from sealift.packing.load_model import load_noting
    from sealift.runtime import Limits

    # Fast checks first, so that a wrong key or contract file is reported before the proof.
    key = None
    if sign_with is not None:
        key = open_key(sign_with, password_prompt=password_prompt, password_file=password_file)
    chosen = None if engines is None else tuple(part.strip() for part in engines.split(","))
    proof = ProofOptions(tolerance=tolerance, engines=chosen)
    file = OutputFile.of(OutputFile(output, overwrite), name)
    file.check()
    known = ContractFile(ContractOptions(), {}) if contract_file is None else read_contract_file(contract_file)
    fields = known.contract.fields
    names = net_rows.class_names(class_names)
    stage = net_rows.read_preprocessing(preprocess)
    rows, truth = net_rows.read_rows(data, stage, target=target, drop=drop, fields=fields)
    learned = None if training is None else net_rows.read_rows(training, stage, target=target, drop=drop, fields=fields)
    limits = Limits(seconds=seconds, memory=memory, load_seconds=seconds)
    loaded = load_noting(model, trust_pickle=trust_pickle, trust=trust, limits=limits)
    if stage is None:
        rows = as_taken(loaded.model, rows)
        learned = None if learned is None else (as_taken(loaded.model, learned[0]), learned[1])
    findings = PrivacyOptions(strict=privacy == "strict", training=learned, keep_rows=keep_rows)
    packed = pack(
        loaded.model, rows, truth, name=name, version=version, output=file, contract=known.contract,
        card=known.card, preprocess=stage, class_names=names, proof=proof, privacy=findings, optimize=optimize,
        sign=key,
        progress=_nothing if console.is_silent() else None,
    )  # fmt: skip
    if as_json:
        console.show_json(
            {
                "ok": True,
                **console.manifest(packed.path, packed.load().seal),
                "signed_by": packed.signed_by,
                "parity": packed.report.as_json(),
                "privacy": packed.privacy.as_json() if packed.privacy else None,
                "notes": [*loaded.notes, *packed.notes],
                "warnings": loaded.warnings,
            }
        )
        return
    say(f"{styled('sealed', 'good')}  {clean(packed.path)}")
    pairs(
        [
            ("identity", packed.identity),
            ("signed by", packed.signed_by or ""),
            ("proved", _proof(packed.report)),
            ("engines", "; ".join(packed.report.engines.values())),
        ]
    )
    console.warn(loaded.warnings)
    for note in [*loaded.notes, *packed.notes]:
        say(f"  note: {clean(note)}")
    say(f"\nNext: sealift verify {clean(packed.path)}")
    say(f"      sealift app {clean(packed.path)} -o {clean(packed.path.with_suffix('.html'))}")


def _nothing(_: str) -> None:
    """The progress of --quiet; by default `pack` shows its progress on a terminal."""


def _proof(report: Report) -> str:
    """The number of compared rows and the largest difference."""
    worst = max((value for value in report.worst.values()), default=0.0)
    return (
        f"{sum(report.compared.values()):,} rows give the original's answers; largest relative difference {worst:.1g}"
    )
