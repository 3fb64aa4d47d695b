"""The exporter's translations of operators are read once for all tests of this folder, since that takes seconds."""

from __future__ import annotations

from importlib import import_module

from bench.nets.run import once

once(import_module("torch.onnx._internal.exporter._registration").ONNXRegistry)
