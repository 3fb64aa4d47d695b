"""Mutation testing itself: which changes are made, how they take effect without an import, how they are counted."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from bench.mutation import kept
from bench.mutation.mutants import Mutant, mutants_of
from bench.mutation.plan import SAMPLE, planned
from bench.mutation.report import Result, interval, page
from bench.mutation.swap import live_functions, swap_constants, swap_functions

SOURCE = '''"""A module."""

from __future__ import annotations

from typing import TypeAlias

Number: TypeAlias = float | None
MOST = 5
_NAMES = {"a": 1}


class Shop:
    least: int = 2

    @property
    def open(self) -> bool:
        """Whether it is open."""
        return MOST > self.least


def check(value: int, most: int = MOST, *, strict: bool = True) -> int:
    if value >= most and strict:
        raise ValueError("too many of them")
    print(value, end="\\n")
    return min([value, 1], key=lambda x: -x)
'''


def changes(source: str, tmp_path: Path) -> list[Mutant]:
    (tmp_path / "shop.py").write_text(source, encoding="utf-8")
    return list(mutants_of(tmp_path, "shop.py"))


def test_the_changes_of_a_small_module(tmp_path: Path) -> None:
    mutants = changes(SOURCE, tmp_path)
    assert [(mutant.function, mutant.becomes) for mutant in mutants] == [
        ("", "MOST = 6"),
        ("", "MOST = 4"),
        ("", '_NAMES = {"XXaXX": 1}'),
        ("", '_NAMES = {"a": 2}'),
        ("", '_NAMES = {"a": 0}'),
        ("Shop", "least: int = 3"),
        ("Shop", "least: int = 1"),
        ("Shop.open", "return MOST >= self.least"),
        ("check", "def check(value: int, most: int = MOST, *, strict: bool = False) -> int:"),
        ("check", "if value >= most or strict:"),
        ("check", "if value > most and strict:"),
        ("check", "pass"),
        ("check", "pass"),
        ("check", "print(value)"),
        ("check", 'print(value, end="XX\\nXX")'),
        ("check", "return min([value, 1])"),
        ("check", "return min([value, 2], key=lambda x: -x)"),
        ("check", "return min([value, 0], key=lambda x: -x)"),
        ("check", "return min([value, 1], key=lambda x: None)"),
        ("check", "return min([value, 1], key=lambda x: +x)"),
    ]
    assert len({mutant.key for mutant in mutants}) == len(mutants)
    for mutant in mutants:
        compile(mutant.applied(SOURCE), "shop.py", "exec")


def test_the_identity_of_a_mutant_outlives_changes_elsewhere(tmp_path: Path) -> None:
    before = {mutant.key for mutant in changes(SOURCE, tmp_path)}
    moved = SOURCE.replace("class Shop", "OTHER = None\n\n\nclass Shop")
    assert before == {mutant.key for mutant in changes(moved, tmp_path)}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ModuleType]:
    """The module, imported."""
    (tmp_path / "shop.py").write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("shop", tmp_path / "shop.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["shop"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["shop"]


def test_functions_and_properties_are_swapped(shop: ModuleType, tmp_path: Path) -> None:
    file, one, check = tmp_path / "shop.py", shop.Shop(), shop.check
    changed = SOURCE.replace("MOST > self.least", "MOST < self.least").replace("value >= most", "value > most")
    assert one.open
    assert swap_functions(live_functions(tmp_path), file, SOURCE, changed)
    assert not one.open
    assert check(5) == 5


def test_constants_and_defaults_are_swapped(shop: ModuleType, tmp_path: Path) -> None:
    file, check = tmp_path / "shop.py", shop.check
    other = ModuleType("other")
    other.__dict__["MOST"] = shop.MOST
    sys.modules["other"] = other
    changed = SOURCE.replace("MOST = 5", "MOST = 9").replace("least: int = 2", "least: int = 20")
    assert not swap_functions(live_functions(tmp_path), file, SOURCE, changed)
    assert swap_constants(file, changed)
    del sys.modules["other"]
    assert (shop.MOST, other.MOST, shop.Shop.least) == (9, 9, 20)
    assert check(8) == 8
    assert not swap_constants(file, changed.replace("float | None", "float"))


CONTRACT, ROWS, PRIVACY = (f"src/sealift/{name}.py" for name in ("contract/a", "contract/rows", "packing/privacy/a"))


def several(path: str, count: int) -> list[Mutant]:
    return [Mutant(path, "f", i, i, f"{i}", f"{i + 1}", 0, 0, 0, "") for i in range(count)]


def test_privacy_is_planned_whole_and_of_other_files_a_random_sample_that_stays_as_it_is() -> None:
    chosen = planned({CONTRACT: several(CONTRACT, 600), ROWS: several(ROWS, 300), PRIVACY: several(PRIVACY, 500)})
    counts = {path: sum(mutant.path == path for mutant in chosen) for path in (CONTRACT, ROWS, PRIVACY)}
    assert counts[PRIVACY] == 500
    assert counts[CONTRACT] + counts[ROWS] == SAMPLE
    assert 60 <= counts[CONTRACT] <= 100
    fewer = planned({CONTRACT: several(CONTRACT, 590), ROWS: several(ROWS, 300)})
    assert len({mutant.key for mutant in fewer} & {mutant.key for mutant in chosen}) > 110


def test_a_run_that_is_ended_has_tried_as_many_of_each_row_at_random() -> None:
    chosen = planned({CONTRACT: several(CONTRACT, 600), PRIVACY: several(PRIVACY, 500)})
    for path in (CONTRACT, PRIVACY):
        first = [mutant for mutant in chosen[:100] if mutant.path == path]
        assert len(first) == 50
        assert first == sorted(several(path, 600 if path == CONTRACT else 500), key=lambda mutant: mutant.rank)[:50]


def test_the_page_tells_the_first_outcome_from_the_last() -> None:
    population = {CONTRACT: several(CONTRACT, 600), PRIVACY: several(PRIVACY, 4)}
    chosen = planned(population)
    outcomes = {mutant.key: ["killed"] for mutant in chosen if mutant.path == PRIVACY}
    one, two, three, *_ = (mutant for mutant in chosen if mutant.path == CONTRACT)
    outcomes |= {one.key: ["survived", "killed"], two.key: ["timeout"], three.key: ["survived", "survived"]}
    tried = {
        mutant.key: [Result.of(mutant, status, "", 0.0) for status in outcomes[mutant.key]]
        for mutant in chosen
        if mutant.key in outcomes
    }
    text = page(population, chosen, tried)
    assert "| contract, sample | 600 | 120 | 3 | 1 (33.3 %) | 6–79 % | 2 (66.7 %) | 0 of 1 |" in text
    assert "| packing/privacy | 4 | 4 | 4 | 4 (100.0 %) |  | 4 (100.0 %) | 0 of 0 |" in text
    assert "| all | 604 | 124 | 7 |" in text
    assert text.count("```diff") == 1
    assert f"- {three.was}\n+ {three.becomes}\n" in text
    nothing = page(population, chosen, {})
    assert "| contract, sample | 600 | 120 | 0 | not tried | | |  |" in nothing


def test_results_that_are_kept_are_read_by_the_key_of_a_mutant_that_is_still_there(tmp_path: Path) -> None:
    chosen, file = several(CONTRACT, 4), tmp_path / "results.tsv"
    statuses = [["killed"], ["survived", "no test", "killed"], ["survived", "survived"]]
    tried = {
        mutant.key: [Result.of(mutant, status, "tests/a.py::b", 1.0, "abc") for status in outcomes]
        for mutant, outcomes in zip(chosen[:3], statuses, strict=True)
    }
    kept.write(chosen, tried, file)
    results = kept.read(chosen[1:], file)
    assert {key: [result.status for result in outcomes] for key, outcomes in results.items()} == {
        chosen[1].key: ["survived", "killed"],
        chosen[2].key: ["survived"],
    }
    assert results[chosen[1].key][-1] == Result.of(chosen[1], "killed", "", 0.0, "abc")
    written = file.read_bytes()
    kept.write(chosen, kept.read(chosen, file), file)
    assert file.read_bytes() == written
    assert kept.read(chosen, tmp_path / "none.tsv") == {}


def test_the_interval_is_wilsons() -> None:
    low, high = interval(85, 100)
    assert (round(low, 4), round(high, 4)) == (0.7672, 0.9069)
    assert interval(0, 0) == (0.0, 1.0)
