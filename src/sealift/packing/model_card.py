"""The texts of the model card, which the page also displays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from sealift.contract import ABOUT
from sealift.errors import PackError
from sealift.packing.strings import check_strings


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """Texts for people who use the model. Each may be left out.

    Attributes:
        title: the model's name for people.
        description: what it predicts, in a sentence.
        when_to_use: for whom and for what the model was made.
        pitfalls: where it is known to fail.
        references: the publication or report.
        author: who made it.
        contact: whom users ask.
        license: the licence of the model.
        review_date: when it is to be reviewed, such as "2027-01-31".

    Raises:
        PackError: E304 for a value that is not a string.
    """

    title: str = ""
    description: str = ""
    when_to_use: str = ""
    pitfalls: str = ""
    references: str = ""
    author: str = ""
    contact: str = ""
    license: str = ""
    review_date: str = ""

    def __post_init__(self) -> None:
        check_strings(**{f"card.{field.name}": getattr(self, field.name) for field in fields(self)})

    @classmethod
    def of(cls, card: ModelCard | Mapping[str, str] | None) -> ModelCard:
        """The card itself, or one with the texts of a mapping. Raises PackError E304."""
        if isinstance(card, ModelCard):
            return card
        keys = [field.name for field in fields(cls)]
        fix = f"Use strings with the keys {', '.join(keys)}."
        if card is None:
            return cls()
        if not isinstance(card, Mapping):
            raise PackError("E304", f"card must be a ModelCard or a mapping, got {type(card).__name__}.", fix=fix)
        unknown = [key for key in card if key not in keys]
        if unknown:
            raise PackError("E304", f"The card has the unknown key {unknown[0]!r:.60}.", fix=fix)
        return cls(**card)

    @property
    def about(self) -> dict[str, str]:
        """The texts for the contract's `about`, without empty ones."""
        return {key: getattr(self, key) for key in ABOUT if getattr(self, key)}
