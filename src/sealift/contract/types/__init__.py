"""Types of values: one module each, found by entry points (docs/how-to/add-a-value-type.md)."""

from sealift.contract.types.base import CellRules, ValueType, value_type, value_types

__all__ = ["CellRules", "ValueType", "value_type", "value_types"]
