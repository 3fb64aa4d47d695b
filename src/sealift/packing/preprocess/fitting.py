"""Which inputs of a net the outputs of a preprocessing feed."""

from __future__ import annotations

from collections.abc import Sequence

from sealift.errors import PackError
from sealift.frameworks import Source
from sealift.frameworks.base import ArrayInput
from sealift.packing.preprocess.base import Preprocessing


def fitting(source: Source, preprocessing: Preprocessing) -> list[tuple[ArrayInput, str]]:
    """The net's inputs, each with the stage's output for it. Raises PackError E322."""
    return _tokens(source, preprocessing) if preprocessing.rows == "texts" else [_pixels(source, preprocessing)]


def _tokens(source: Source, preprocessing: Preprocessing) -> list[tuple[ArrayInput, str]]:
    """The inputs by their names; a single one is that of the token ids."""
    rows, known = source.rows, preprocessing.shapes
    if rows.kind != "arrays":
        raise _misfit(
            f"A {source.kind} takes a {rows.kind}, not arrays of token ids", "Give preprocess only for a net."
        )
    ports = rows.arrays or (ArrayInput("input_ids", None),)
    if len(ports) == 1:
        return [(ports[0], next(iter(known)))]
    fed = [(port, name) for port in ports for name in known if port.name == name]
    unknown = [port.name for port in ports if port.name not in known]
    if unknown or not fed:
        raise _misfit(
            f"The net has the input {unknown[0]!r:.80}, which a tokenizer does not make",
            f"Export the net with inputs called {', '.join(known)}.",
        )
    return fed


def _pixels(source: Source, preprocessing: Preprocessing) -> tuple[ArrayInput, str]:
    """The net's only input, and the stage's only output."""
    rows = source.rows
    if rows.kind != "arrays":
        raise _misfit(f"A {source.kind} takes a {rows.kind}, not an array of pixels", "Give preprocess only for a net.")
    if len(rows.arrays) > 1:
        named = ", ".join(repr(item.name) for item in rows.arrays)
        raise _misfit(f"The net has several inputs ({named})", "Export it with one input, the array of pixels.")
    port = rows.arrays[0] if rows.arrays else ArrayInput("x", None)
    ((output, made),) = preprocessing.shapes.items()
    if port.shape is not None and not _agree(port.shape, made):
        wanted, given = (_spelled(shape) for shape in (port.shape, made))
        turned = len(made) == 3 and _agree(port.shape, (made[1], made[2], made[0]))
        turned = turned or (len(made) == 3 and _agree(port.shape, (made[2], made[0], made[1])))
        fix = 'Use the other layout: layout="HWC" or layout="CHW".' if turned else "Correct the size or the channels."
        raise _misfit(f"The net takes {wanted} for each row, but the preprocessing makes {given}", fix)
    return port, output


def _agree(wanted: Sequence[int | str], made: Sequence[int | None]) -> bool:
    if len(wanted) != len(made):
        return False
    return all(isinstance(want, str) or want == size for want, size in zip(wanted, made, strict=True))


def _spelled(shape: Sequence[int | str | None]) -> str:
    return f"[{', '.join('any' if size is None else str(size) for size in shape)}]"


def _misfit(what: str, fix: str) -> PackError:
    return PackError("E322", f"{what}.", where="preprocess", fix=fix)
