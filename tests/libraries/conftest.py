"""Libraries beside PyTorch, of `tools/setup.sh nets`: `make test-torch` runs these tests."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
pytest.importorskip("transformers", reason="transformers is not installed: make test-torch")

from bench.nets.stand_in import torchvision_operators

torchvision_operators()
