"""The package's own attributes: found without an import of what they need."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sealift

WITHOUT_ONNX = """
import sys
sys.modules["onnx"] = None
import inspect, sealift
assert hasattr(sealift, "pack") and hasattr(sealift, "doctor")
assert {"pack", "load", "SealedModel"} <= dict(inspect.getmembers(sealift)).keys()
try:
    sealift.pack(None, None, name="m")
except ImportError as error:
    assert isinstance(error, sealift.MissingExtraError) and isinstance(error, sealift.FileError)
    assert error.code == "E405" and "pip install" in error.fix
else:
    raise AssertionError
"""


def test_attributes_are_there_without_the_extra_that_they_need() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_ONNX], check=True, timeout=60)


def test_all_names_are_attributes() -> None:
    assert sorted(sealift.__all__) == sealift.__all__
    assert set(dir(sealift)) == set(sealift.__all__)
    for name in sealift.__all__:
        assert getattr(sealift, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(sealift, "unpack")
    with pytest.raises(AttributeError, match="unpack"):
        _ = sealift.unpack
