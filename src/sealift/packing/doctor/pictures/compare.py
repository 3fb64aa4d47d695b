"""Run the net with variants of the declared preprocessing on pictures with true answers, and compare the answers."""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.errors import LimitError, PackError, SealiftError
from sealift.frameworks import Source
from sealift.optional import need
from sealift.packing.doctor.pictures.described import described
from sealift.packing.doctor.pictures.finding import BetterVariant
from sealift.packing.doctor.pictures.paired import Errors, errors, figure, measured_output, metric_of, sign_test
from sealift.packing.doctor.pictures.variants import PreprocessingVariant, variants_of
from sealift.packing.heads.source import HeadSource
from sealift.packing.preprocess.base import recognised
from sealift.packing.preprocess.image import Image
from sealift.packing.preprocess.source import PreprocessedSource
from sealift.packing.progress import Progress

LEAST = 20
"""The number of pictures below which nothing is compared."""
MOST = 500
"""The number of pictures, at equal distances in the order given, with which variants are compared."""
LEVEL = 0.01
"""The level of the test, after the correction for the number of variants."""
_ORIENTATION = 0x0112
_NOT = "The preprocessing was not compared with others"


def compared_variants(
    source: Source, declared: Any, rows: Sequence[Any], truth: npt.NDArray[Any] | None, say: Progress
) -> tuple[list[BetterVariant], list[str]]:
    """The variants that answer significantly better, the best one first, and notes.

    Args:
        source: the net with its preprocessing of pictures, and with heads if it has any.
        declared: the argument `preprocess`.
        rows: the pictures.
        truth: their true answers, (N,) or (N, k); without them, only what the files show is noted.
        say: called with a sentence before each variant.

    Raises:
        LimitError: E210 when the net exceeds its limits.
    """
    places = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST)).round().astype(int))
    chosen = [rows[place] for place in places]
    turned = sum(map(_is_turned, chosen))
    notes = []
    image = described(declared)
    if turned:
        done = "applies" if image is None or image.orientation else "ignores"
        notes.append(
            f"{turned:,} of {len(chosen):,} pictures have an EXIF orientation, which the preprocessing {done}. "
            "Check the loader of the training: Image.open of Pillow ignores it, cv2.imread applies it."
        )
    if truth is None:
        return [], [*notes, f"{_NOT}; this needs y, the true answers."]
    if image is None:
        return [], [*notes, f"{_NOT}, because variants of its steps cannot be made."]
    if len(chosen) < LEAST:
        return [], [*notes, f"{_NOT}, which needs at least {LEAST} pictures with y."]
    better, more = _Comparison(source, chosen, truth[places]).run(declared, image, say, oriented=turned > 0)
    return better, [*notes, *more]


class _Comparison:
    """The net on the same pictures with several preprocessings."""

    def __init__(self, source: Source, rows: Sequence[Any], truth: npt.NDArray[Any]) -> None:
        self._source, self._rows, self._truth = source, rows, truth
        is_classifier = source.classes is not None or isinstance(source, HeadSource)
        self._output = measured_output(source.outputs, is_classifier=is_classifier)

    def run(
        self, declared: Any, image: Image, say: Progress, *, oriented: bool
    ) -> tuple[list[BetterVariant], list[str]]:
        """The better variants, and notes; `image` describes the declared preprocessing."""
        if self._output is None:
            return [], [f"{_NOT}, because no output of the net has true answers."]
        try:
            base = self._errors(declared)
            described_base = base if image is declared else self._errors(image)
        except LimitError:
            raise
        except Exception as error:  # a library may raise anything for a picture
            reason = error.what if isinstance(error, SealiftError) else str(error)
            return [], [f"{_NOT}, because it failed: {reason:.200}"]
        if base is None or described_base is None:
            return [], [
                f"{_NOT}, because y does not have the form of the net's answers. Give labels as the net answers them; "
                "if it has a number for each class, name the classes: outputs=sealift.Classes([…])."
            ]
        if not np.array_equal(base, described_base):
            return [], [f"{_NOT}, because no sealift.Image has the same answers."]
        variants = variants_of(image, oriented=oriented)
        measured, failed = self._measured(variants, say)
        better = [
            finding
            for variant, wrong in measured
            if (finding := self._better(variant, base, wrong, len(measured))) is not None
        ]
        better.sort(key=lambda item: (item.variant if item.metric != "accuracy_score" else -item.variant, item.p_value))
        notes = [
            f"{len(measured)} other preprocessings were compared with the declared one on {len(base):,} pictures, by "
            f"an exact paired test at the level {LEVEL} with the correction of Bonferroni. "
            f"Significantly better: {len(better) or 'none'}."
        ]
        if failed:
            names = "; ".join(failed)
            first = next(iter(failed.values()))
            notes.append(f"Not compared, because they failed: {names:.300} (the first: {first:.200}).")
        return better, notes

    def _measured(
        self, variants: Sequence[PreprocessingVariant], say: Progress
    ) -> tuple[list[tuple[PreprocessingVariant, Errors]], dict[str, str]]:
        """The errors with each variant, and the messages of those that failed, by name."""
        measured: list[tuple[PreprocessingVariant, Errors]] = []
        failed: dict[str, str] = {}
        for i, variant in enumerate(variants, 1):
            say(f"Comparing preprocessings: {i} of {len(variants)}, {variant.name}")
            try:
                wrong = self._errors(variant.image)
            except LimitError:
                raise
            except PackError as error:
                if error.code != "E322":  # one that does not fit the net is no candidate
                    failed[variant.name] = error.what
            except Exception as error:  # a library may raise anything for a picture
                failed[variant.name] = str(error)
            else:
                if wrong is not None:
                    measured.append((variant, wrong))
        return measured, failed

    def _better(self, variant: PreprocessingVariant, base: Errors, wrong: Errors, tests: int) -> BetterVariant | None:
        """The comparison of a variant; None where it is not significantly better after `tests` tests."""
        assert self._output is not None
        better, worse = int((wrong < base).sum()), int((wrong > base).sum())
        p_value = sign_test(better, worse) * tests
        if p_value >= LEVEL:
            return None
        return BetterVariant(
            variant.name,
            variant.arguments,
            metric_of(self._output),
            figure(self._output, base),
            figure(self._output, wrong),
            len(base),
            better,
            worse,
            p_value,
        )

    def _errors(self, preprocess: Any) -> Errors | None:
        if self._output is None:
            return None
        answers = self._with(preprocess).answer(self._rows, (self._output,))
        return errors(self._output, answers, self._truth)

    def _with(self, preprocess: Any) -> Source:
        """The source with another preprocessing."""
        heads = self._source if isinstance(self._source, HeadSource) else None
        given = self._source if heads is None else heads.inner
        assert isinstance(given, PreprocessedSource)
        changed = PreprocessedSource(given.inner, recognised(preprocess))
        if heads is None:
            return changed
        other = copy.copy(heads)  # which knows the outputs of its heads
        other.inner = changed
        return other


def _is_turned(value: Any) -> bool:
    """Whether a picture has an EXIF orientation other than the upright one."""
    if isinstance(value, np.ndarray):
        return False
    try:
        if isinstance(value, bytes | Path):
            source = io.BytesIO(value) if isinstance(value, bytes) else value
            with need("PIL.Image", "image").open(source) as picture:
                return picture.getexif().get(_ORIENTATION, 1) not in (0, 1)
        return value.getexif().get(_ORIENTATION, 1) not in (0, 1)
    except (OSError, ValueError, SyntaxError, AttributeError):  # such as DICOM, which has no EXIF
        return False
