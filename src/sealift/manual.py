"""The documentation as text: the pages of docs/ and spec/, of which the wheel holds copies under `sealift/pages`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sealift.errors import InternalError

_HERE = Path(__file__).parent
_ROOTS = (_HERE / "pages", _HERE.parents[1])  # an installed wheel, a clone
_FOLDERS = ("", "how-to/", "reference/", "explanation/")


@cache
def pages() -> dict[str, Path]:
    """The pages by name, such as "errors", "how-to/sign" and "spec/SEAL".

    Raises:
        InternalError: E901 when the pages were not installed.
    """
    root = next((root for root in _ROOTS if (root / "docs" / "errors.md").is_file()), None)
    if root is None:
        raise InternalError(
            "E901", "The documentation was not installed.", where=str(_ROOTS[0]), fix="Reinstall sealift."
        )
    listed = {
        f"{folder}{path.stem}": path for folder in _FOLDERS for path in sorted((root / "docs" / folder).glob("*.md"))
    }
    listed.pop("index", None)
    return listed | {f"spec/{path.stem}": path for path in sorted((root / "spec").glob("*.md"))}


def read(name: str) -> str:
    """The Markdown of a page. Raises KeyError for a name that `pages` does not list."""
    return pages()[name].read_text(encoding="utf-8")
