"""`sealift doctor`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from sealift.cli import console
from sealift.cli.console import clean, say


def run(
    model: str,
    data: Path | None,
    *,
    target: str | None,
    drop: Sequence[str],
    trust: Sequence[str],
    trust_pickle: bool,
    preprocess: Path | None = None,
    class_names: str | None = None,
    seconds: float | None = None,
    memory: float | None = None,
    as_json: bool,
) -> None:
    """Load the model and the rows, and show the diagnosis. Exits with 1 when a step is not supported."""
    from sealift.cli import net_rows
    from sealift.packing.doctor import doctor
    from sealift.packing.doctor.diagnosis import shows_unicode
    from sealift.packing.inputs.row_format import as_taken
    from sealift.packing.load_model import load_noting
    from sealift.runtime import Limits

    names = net_rows.class_names(class_names)
    stage = net_rows.read_preprocessing(preprocess)
    rows, truth = (None, None) if data is None else net_rows.read_rows(data, stage, target=target, drop=drop)
    limits = Limits(seconds=seconds, memory=memory, load_seconds=seconds)
    loaded = load_noting(model, trust_pickle=trust_pickle, trust=trust, limits=limits)
    if rows is not None and stage is None:
        rows = as_taken(loaded.model, rows)
    diagnosis = doctor(loaded.model, rows, truth, preprocess=stage, class_names=names)
    if as_json:
        result = diagnosis.as_dict()
        notes = [*result["notes"], *loaded.notes]
        console.show_json({"ok": diagnosis.supported, **result, "notes": notes, "warnings": loaded.warnings})
    else:
        width = min(shutil.get_terminal_size((80, 24)).columns, 100)
        for line in diagnosis.text(width=width, unicode=shows_unicode(sys.stdout)).splitlines():
            say(clean(line))
        console.warn(loaded.warnings)
        for note in loaded.notes:
            say(f"\nNote: {clean(note)}")
    if not diagnosis.supported:
        raise SystemExit(console.REFUSED)
