"""The result of `doctor`, for programs, for the terminal and for notebooks."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sealift import notebook as html
from sealift.packing.doctor.pictures.finding import BetterVariant
from sealift.packing.privacy.findings import Finding

HOW = {
    "own": "converted by Sealift",
    "skl2onnx": "converted by skl2onnx",
    "traced": "traced",
    "exported": "exported by its library",
    "refused": "not supported",
}


@dataclass(frozen=True)
class Obstacle:
    """Why something cannot be packed: the parts of a `SealiftError`."""

    code: str
    where: str
    what: str
    fix: str


@dataclass(frozen=True)
class Examined:
    """One step.

    Attributes:
        path: its path in the model: `Pipeline › scale (StandardScaler)`.
        how: `own`, `skl2onnx`, `traced`, `exported`, or `refused`.
        supported: whether it can be packed.
        training_data: what it holds of the training data, and what that means, in sentences.
    """

    path: str
    how: str
    supported: bool
    training_data: Sequence[str] = ()

    @property
    def depth(self) -> int:
        """How many steps enclose it."""
        return self.path.count(" › ")

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(" › ")[2]


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """Whether a model can be packed, step by step.

    Attributes:
        steps: every step that could be examined, outer ones first.
        obstacles: every reason why the model cannot be packed.
        rows: how many of the caller's rows were used; 0 without data.
        agrees: whether the converted model answered those rows as the original does; None if that was not compared.
        notes: further remarks.
        retained: what a file of the model would retain of the rows, found by comparing its values with them.
        better_preprocessing: the preprocessings of pictures with which the net answers significantly better than with
            the declared one, the best one first.
    """

    steps: Sequence[Examined]
    obstacles: Sequence[Obstacle]
    rows: int = 0
    agrees: bool | None = None
    notes: Sequence[str] = ()
    retained: Sequence[Finding] = ()
    better_preprocessing: Sequence[BetterVariant] = ()

    @property
    def supported(self) -> bool:
        """Whether there is no obstacle to packing. The answers are proved by `pack` only."""
        return not self.obstacles

    def as_dict(self) -> dict[str, Any]:
        """The diagnosis for `--json`."""
        return {
            "supported": self.supported,
            "rows": self.rows,
            "agrees": self.agrees,
            "steps": [
                {
                    "path": step.path,
                    "how": step.how,
                    "supported": step.supported,
                    "training_data": list(step.training_data),
                }
                for step in self.steps
            ],
            "obstacles": [vars(obstacle) for obstacle in self.obstacles],
            "retained": [finding.as_json() for finding in self.retained],
            "better_preprocessing": [variant.as_json() for variant in self.better_preprocessing],
            "notes": list(self.notes),
        }

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        if not self.supported:
            count = len(self.obstacles)
            return f"Cannot be packed yet: {count} obstacle{'s' * (count > 1)}."
        if self.agrees:
            return (
                f"Every step is supported; the answers to {self.rows:,} of your rows agree. "
                "pack will prove it on many more."
            )
        return "Every step is supported, as far as can be seen without rows. Give some to compare answers."

    def text(self, *, width: int = 80, unicode: bool = True) -> str:
        """The diagnosis for a terminal of `width` columns, in ASCII marks where `unicode` is not shown."""
        good, bad = ("✓", "✗") if unicode else ("ok", "NO")
        lines = [*textwrap.wrap(self.verdict, width), ""]
        for step in self.steps:
            mark = (good if step.supported else bad).ljust(len(good))
            name = "  " * step.depth + step.name
            room = width - len(mark) - 26
            shown = name if len(name) <= room else name[: room - 1] + ("…" if unicode else "~")
            lines.append(f"  {mark}  {shown:<{room}}  {HOW[step.how]}".rstrip())
        for i, obstacle in enumerate(self.obstacles, 1):
            lines += ["", *textwrap.wrap(f"{i}. {obstacle.where or 'The model'}", width, subsequent_indent="   ")]
            lines += _wrapped(obstacle.code, obstacle.what, width) + _wrapped("fix", obstacle.fix, width)
        with_data = [step for step in self.steps if step.training_data]
        if with_data:
            lines += ["", "Training data inside the model"]
        for step in with_data:
            lines += textwrap.wrap(step.path, width, initial_indent="  ", subsequent_indent="    ")
            for sentence in step.training_data:
                lines += _wrapped("", sentence, width)
        if self.retained:
            lines += ["", "Data of single rows that a file would hold, by comparison with your rows"]
        for finding in self.retained:
            lines += _wrapped("", finding.note, width)
        if self.better_preprocessing:
            lines += ["", "Preprocessing that probably differs from the training; the best one first"]
        for variant in self.better_preprocessing:
            lines += _wrapped("", variant.sentence, width) + _wrapped("fix", variant.fix, width)
        for note in self.notes:
            lines += ["", *textwrap.wrap(f"Note: {note}", width)]
        report = "\n".join(lines)
        return report if unicode else report.replace(" › ", " > ")

    def __repr__(self) -> str:
        return f"<Diagnosis: {self.verdict}>"

    def __str__(self) -> str:
        return self.text(unicode=shows_unicode(sys.stdout))

    def _repr_html_(self) -> str:
        """The diagnosis for notebooks."""
        rows = [
            [("✓ " if s.supported else "✗ ") + ("yes" if s.supported else "no"), " " * 4 * s.depth + s.name, HOW[s.how]]
            for s in self.steps
        ]
        parts = [html.table("Steps", ["supported", "step", "how"], rows)]
        for obstacle in self.obstacles:
            parts.append(
                html.note("bad", obstacle.where or "The model", f"{obstacle.code}: {obstacle.what}", obstacle.fix)
            )
        for step in self.steps:
            if step.training_data:
                parts.append(html.note("care", f"Training data inside: {step.path}", *step.training_data))
        parts += [html.note("care", "Retained data", finding.sentence, finding.remedy) for finding in self.retained]
        parts += [
            html.note("care", "Preprocessing probably differs from the training", variant.sentence, variant.fix)
            for variant in self.better_preprocessing
        ]
        parts += [html.note("care", "Note", text) for text in self.notes]
        return html.whole(self.verdict, "".join(parts), good=self.supported)


def shows_unicode(stream: Any) -> bool:
    """Whether a stream can show the marks."""
    try:
        "✓✗›…".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _wrapped(label: str, text: str, width: int) -> list[str]:
    start = f"   {label:<5}  " if label else "     "
    return textwrap.wrap(
        text, width, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False
    ) or [start.rstrip()]
