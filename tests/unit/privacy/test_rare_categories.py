"""Categories that fewer than five rows have: which of them the contract lists, and which are reported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

import pytest

from sealift.contract import Field
from sealift.packing.describe.fields import without_rare
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column
from sealift.packing.privacy.findings import Finding


def listed(
    counts: Mapping[Any, int],
    *,
    dtype: str = "string",
    unknown: Literal["allowed", "refused"] = "allowed",
    texts: Collection[str] = (),
    typical: Any = None,
    **more: Any,
) -> tuple[tuple[Any, ...] | None, Any, list[Finding]]:
    """The categories and the typical value of a field whose rows have each category so often, and the findings."""
    values = [value for value, count in counts.items() for _ in range(count)]
    rows = InputRows((Column("c", dtype, values, None),), None, lambda columns: columns)
    field = Field(name="c", dtype=dtype, categories=tuple(counts), unknown=unknown, typical=typical)
    (field,), findings = without_rare([field], rows, texts, **more)
    return field.categories, field.typical, findings


COMMON = {"x": 30, "y": 20}


def test_a_category_of_four_rows_is_hidden_and_one_of_five_is_not() -> None:
    categories, _, findings = listed({**COMMON, "four": 4, "five": 5, "none": 0})
    assert categories == ("x", "y", "five")
    assert findings == []


def test_what_the_file_holds_besides_is_no_secret_and_is_reported() -> None:
    categories, _, (finding,) = listed({**COMMON, "four": 4, "five": 5}, texts=["four", "five"])
    assert categories == ("x", "y", "five")
    assert (finding.kind, finding.count, finding.of, finding.columns) == ("categories", 1, 4, {"c": 1})
    assert finding.where == "c"


def test_where_others_are_refused_all_are_listed_and_rare_ones_reported() -> None:
    categories, _, (finding,) = listed({**COMMON, "four": 4, "five": 5}, unknown="refused")
    assert categories == ("x", "y", "four", "five")
    assert finding.count == 1


def test_numbers_that_are_categories_stand_in_the_graph() -> None:
    categories, _, (finding,) = listed({1: 30, 2: 20, 3: 4}, dtype="int64")
    assert categories == (1, 2)
    assert finding.count == 1


@pytest.mark.parametrize("rows", [49, 50])
def test_fewer_than_fifty_rows_do_not_show_what_is_rare(rows: int) -> None:
    counts = {"x": rows - 1, "once": 1}
    for texts in ((), ("once",)):
        categories, _, findings = listed(counts, texts=texts)
        # What stands elsewhere in the file anyway stays listed as long as it is not known to be rare.
        assert categories == (("x", "once") if rows < 50 and texts else ("x",))
        assert len(findings) == (1 if rows == 50 and texts else 0)
    assert len(listed(counts, texts=["once"], training=True)[2]) == 1


def test_a_category_that_no_row_has() -> None:
    counts = {**COMMON, "none": 0}
    assert len(listed(counts, texts=["none"])[2]) == 1
    # In the training rows nobody has it; and what an imputer puts in is no row's value.
    assert listed(counts, texts=["none"], training=True)[2] == []
    assert listed(counts, texts=["none"], constants=["none"])[2] == []
    assert len(listed({**COMMON, "one": 1}, texts=["one"], constants=["one"])[2]) == 1


def test_a_hidden_category_is_not_typical() -> None:
    assert listed({**COMMON, "four": 4}, typical="four")[1] is None
    assert listed({**COMMON, "four": 4}, typical="x")[1] == "x"


def test_fields_without_categories_and_with_hidden_ones_only() -> None:
    rows = InputRows((Column("c", "string", ["a"] * 60, None),), None, lambda columns: columns)
    plain = Field(name="c", dtype="string")
    assert without_rare([plain], rows, ["a"]) == ([plain], [])
    assert listed({"a": 4, "b": 3, "c": 2}, training=True)[0] is None
