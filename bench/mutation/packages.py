"""What is mutated."""

from __future__ import annotations

PACKAGES = (
    "sealift/contract",
    "sealift/seal",
    "sealift/packing/privacy",
    "sealift/packing/proof",
    "sealift/stats",
    "sealift/runtime",
    "sealift/graph",
)

WHOLE = (
    "sealift/packing/privacy/",
    "sealift/stats/",
    "sealift/contract/outputs/tolerance.py",
    "sealift/packing/proof/discontinuities.py",
    "sealift/runtime/limits.py",
    "sealift/seal/layout.py",
)
"""Privacy, tolerances and limits, of which every mutant is tried."""

TESTS = (
    "tests/unit",
    "tests/proofs/convert",
    "tests/proofs/packing",
    "tests/property",
    "tests/attacks",
    "tests/e2e/test_isolated.py",
)
"""The tests that mutants are given to; those of the boosters, of other versions and of whole programs are left out."""

ELSEWHERE = {
    "src/sealift/runtime/worker.py": "src/sealift/runtime/isolated.py",
}
"""What runs in processes that tests start, where it is not measured, with the file whose tests execute it."""
