"""A source around another one, such as a net with its preprocessing: what it does not define is that of the other."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sealift.frameworks.base import RowFormat, Source
from sealift.frameworks.learned import Learned
from sealift.runtime import Limits


class SourceAround(Source):
    """A source around another one. Subclasses define what they change, and `answer` and `convert`.

    Attributes:
        inner: the other source.
    """

    def __init__(self, model: Any, inner: Source) -> None:
        super().__init__(model)
        self.inner = inner

    def check(self) -> None:
        """Raise PackError for a model that cannot predict."""
        self.inner.check()

    @property
    def rows(self) -> RowFormat:
        """Those of the inner source."""
        return self.inner.rows

    @property
    def outputs(self) -> Collection[str]:
        """Those of the inner source."""
        return self.inner.outputs

    @property
    def limits(self) -> Limits | None:
        """Those of the inner source."""
        return self.inner.limits

    @property
    def learned(self) -> Learned:
        """Of the inner source."""
        return self.inner.learned

    def explain(self) -> tuple[str, str] | None:
        """Of the inner source."""
        return self.inner.explain()

    @property
    def function(self) -> Callable[..., Any] | None:
        """That of the inner source."""
        return self.inner.function
