"""The writers of YAML and TOML, compared with the readers of PyYAML and the standard library."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sealift.export import toml_writer, yaml_writer

# Surrogates are no characters; PyYAML reads no characters beyond these.
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
_WORDS = st.sampled_from(["yes", "No", "null", "1e3", "0x1", "~", "a: b", "- a", "2026-11-27", "a\nb\n", "a\n\nb\n\n"])
_STRINGS = _TEXT | _WORDS
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_SCALARS = _STRINGS | st.integers(-(2**62), 2**62) | st.booleans()
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_STRINGS, inner, max_size=3)
)


@given(_VALUES)
def test_yaml(value: Any) -> None:
    assert yaml.safe_load(yaml_writer.dumps(value)) == value


@given(st.lists(st.dictionaries(_STRINGS, _VALUES, min_size=1, max_size=2), min_size=1, max_size=3))
def test_documents(values: list[Any]) -> None:
    assert list(yaml.safe_load_all(yaml_writer.documents(values))) == values


def test_lines_of_text_are_a_block() -> None:
    written = yaml_writer.dumps({"deployment.toml": '[server]\nport = 8080\n\n[[models]]\nfile = "a"\n'})
    assert written.splitlines()[:2] == ["deployment.toml: |", "  [server]"]


_ENTRIES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS | _FLOATS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXT, _ENTRIES, max_size=4))
def test_toml(value: dict[str, Any]) -> None:
    assert tomllib.loads(toml_writer.dumps(value)) == value


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), 1e300, -0.0])
def test_toml_of_unusual_numbers(number: float) -> None:
    assert repr(tomllib.loads(toml_writer.dumps({"a": number}))["a"]) == repr(number)


def test_toml_of_nan() -> None:
    assert str(tomllib.loads(toml_writer.dumps({"a": float("nan")}))["a"]) == "nan"
