"""The exception for a picture that cannot be used, which becomes a problem of its row (spec/IMAGE.md §8)."""

from __future__ import annotations


class PictureError(ValueError):
    """A picture that cannot be used: the code of the problem, and what the picture is, such as `is damaged`."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code
