"""`sealift.app`: a sealed file as one file that a person opens, as `sealift app` does."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from pathlib import Path

from sealift.errors import PageError
from sealift.targets.base import Built, SealedFile, WithHandout, WithLimit, target_for


def app(file: Path | str, output: Path | str | None = None, *, handout: bool = False) -> Built:
    """Make a file of a sealed model for its users; by default an .html page that opens with a double click.

    Args:
        file: the .seal file; read once and checked completely before anything is written.
        output: the file to write; `file` with the ending .html by default. Its ending selects the target.
        handout: also write a sheet for IT security and data protection, `<output>-handout.html`.

    Returns:
        What was written: `path`, `size`, `sha256`, `identity`, `title`, `handout`, the path of the sheet,
        `limitations`, what the file cannot do with this model, and `usage`, how it is used.

    Raises:
        FileError: E401 or E402. SealError: E201 to E205, E208. ContractError: E106.
        PageError: E601 when the front end was not built, E602 when the sealed file is too large for a page, E606 for
            an ending that no target writes, or for a handout that the target does not make, E607 when the target lacks
            what the model requires.
    """
    file = Path(file)
    out = Path(output) if output is not None else file.parent / f"{file.stem}.html"
    target = target_for(out)
    if handout and not isinstance(target, WithHandout):
        raise PageError(
            "E606",
            f"The target {target.name!r:.80} writes no sheet for IT security about its files.",
            where=str(out),
            fix="Leave --handout out, or choose a name that ends in .html.",
        )
    if isinstance(target, WithLimit):
        with suppress(OSError, ValueError):  # reading the file names the reason
            target.check_size(file, file.stat().st_size)
    source = SealedFile.read(file)
    limitations = tuple(target.limitations(source))
    built = dataclasses.replace(target.build(source, out), limitations=limitations)
    if not handout or not isinstance(target, WithHandout):
        return built
    return dataclasses.replace(built, handout=target.handout(source, built, out.with_name(f"{out.stem}-handout.html")))
