"""Implementations found by entry points."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Thread
from unittest.mock import Mock

import pytest

import seals
from sealift import files, plugins
from sealift.cli.app import page
from sealift.errors import FileError, PackError, PageError
from sealift.plugins import Plugins
from sealift.targets import base
from sealift.targets.app import app
from sealift.targets.base import Built, SealedFile, target_for, targets
from sealift.targets.page.target import PAGE


def _declare(monkeypatch: pytest.MonkeyPatch, *pairs: tuple[str, str]) -> Plugins[object]:
    points = [EntryPoint(name, value, "sealift.things") for name, value in pairs]
    monkeypatch.setattr(plugins, "declared", lambda group: points if group == "sealift.things" else [])
    return Plugins("sealift.things", "thing")


def test_all_are_found_by_name_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    things = _declare(monkeypatch, ("b", "math:pi"), ("a", "math:e"))
    assert list(things.all()) == ["a", "b"]
    assert things.all()["b"] == pytest.approx(3.14159, abs=1e-5)


def test_one_that_cannot_be_imported_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    things = _declare(monkeypatch, ("a", "math:e"), ("b", "no_such_module_here:x"))
    with pytest.warns(RuntimeWarning, match="thing 'b' .*ModuleNotFoundError"):
        assert list(things.all()) == ["a"]
    assert list(things.all()) == ["a"]  # without another warning


def test_the_warning_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tmp_path / "broken_things-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-things\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[sealift.things]\na = no_such_module_here:x\nb = math:e\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(RuntimeWarning, match=r"thing 'a' \(no_such_module_here:x of the package broken-things\)"):
        assert list(Plugins[object]("sealift.things", "thing").all()) == ["b"]


def test_two_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    things = _declare(monkeypatch, ("a", "math:e"), ("a", "math:pi"))
    for _ in range(2):
        with pytest.raises(PackError, match="math:e and math:pi") as caught:
            things.all()
        assert caught.value.code == "E306"


def test_nothing_is_imported_where_two_have_one_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "imported_thing.py").write_text("thing = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    things = _declare(monkeypatch, ("a", "imported_thing:thing"), ("b", "math:e"), ("b", "math:pi"))
    with pytest.raises(PackError, match="math:e and math:pi"):
        things.all()
    assert "imported_thing" not in sys.modules


def test_the_same_one_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(_declare(monkeypatch, ("a", "math:e"), ("a", "math:e")).all()) == ["a"]


def test_an_installation_without_any_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileError, match=r"declares no entry points of the group 'sealift\.things'") as caught:
        _declare(monkeypatch).all()
    assert caught.value.code == "E405"


def test_threads_share_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def declared(group: str) -> Sequence[EntryPoint]:
        reads.append(group)
        return [EntryPoint("a", "math:e", group)]

    monkeypatch.setattr(plugins, "declared", declared)
    things: Plugins[object] = Plugins("sealift.things", "thing")
    threads = [Thread(target=things.all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == ["sealift.things"]


def test_the_packages_are_read_once_for_all_protocols(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read = Mock(side_effect=metadata.entry_points)
    monkeypatch.setattr(metadata, "entry_points", read)
    plugins._declared_on.cache_clear()
    assert [point.name for point in plugins.declared("sealift.targets")] == ["page"]
    assert plugins.declared("sealift.engines")
    assert read.call_count == 1
    # A package on a path that was added since is found.
    (tmp_path / "other-1.dist-info").mkdir()
    (tmp_path / "other-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (tmp_path / "other-1.dist-info" / "entry_points.txt").write_text("[sealift.targets]\nother = math:e\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert {point.name for point in plugins.declared("sealift.targets")} == {"page", "other"}
    assert read.call_count == 2


def test_the_page_is_a_target() -> None:
    assert targets()["page"] is target_for(Path("model.HTML"))


def test_an_ending_that_no_target_writes() -> None:
    with pytest.raises(PageError, match=r"\.html") as caught:
        target_for(Path("model.pdf"))
    assert caught.value.code == "E606"


class Sheet:
    """A target that writes no handout."""

    name, suffix = "sheet", ".txt"

    def limitations(self, source: SealedFile) -> list[str]:
        del source
        return []

    def build(self, source: SealedFile, output: Path) -> Built:
        output.write_text(f"{source.path.name}\n")
        return Built(output, 1, "0" * 64, "1" * 64, "A title")


@pytest.fixture
def with_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_targets", Mock(all=lambda: {"page": PAGE, "sheet": Sheet()}))


@pytest.mark.usefixtures("with_sheet")
def test_a_handout_that_the_target_does_not_make_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    sealed = seals.write(tmp_path / "tiny.seal")
    with pytest.raises(PageError, match="'sheet' writes no sheet for IT security") as caught:
        app(sealed, tmp_path / "tiny.txt", handout=True)
    assert caught.value.code == "E606"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.seal"]
    assert app(sealed, tmp_path / "tiny.txt").handout is None


def test_the_sealed_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seals.write(tmp_path / "tiny.seal")
    content = files.content

    def read_and_delete(path: Path) -> bytes | memoryview:
        data = content(path)
        path.unlink()
        return data

    monkeypatch.setattr(files, "content", read_and_delete)
    built = app(sealed, tmp_path / "tiny.html", handout=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny-handout.html", "tiny.html"]
    assert built.identity in (tmp_path / "tiny-handout.html").read_text()


@pytest.mark.usefixtures("with_sheet")
def test_how_a_file_is_used_is_said_by_its_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed = seals.write(tmp_path / "tiny.seal")
    page(sealed, tmp_path / "tiny.txt", handout=False, as_json=False)
    assert capsys.readouterr().out == f"A title: {tmp_path / 'tiny.txt'}, 0.0 MB\n"
    page(sealed, tmp_path / "tiny.html", handout=False, as_json=False)
    assert "Open it with a double click." in capsys.readouterr().out
