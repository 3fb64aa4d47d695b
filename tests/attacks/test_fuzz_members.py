"""A fixed piece of the structured fuzzer: mutated contracts, stages, golden examples and evidence, in both readers."""

from __future__ import annotations

import fuzz_members
import pytest

CASES = 400


@pytest.mark.skipif(not (fuzz_members.APP / "node_modules").exists(), reason="web/app is not set up (make web)")
def test_both_readers_judge_mutated_members_alike() -> None:
    counts = fuzz_members.run(CASES, seed=0, report=lambda _: None)
    assert sum(counts.values()) == CASES
    assert set(counts) >= {"ok", "E106", "E205"}
    assert min(counts["ok"], counts["E106"], counts["E205"]) > CASES // 20
