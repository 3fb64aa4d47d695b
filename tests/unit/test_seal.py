from __future__ import annotations

import hashlib
import io
import pickle
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from onnx_bytes import holding
from sealift import canonical, seal
from sealift.errors import FileError, PackError, SealError, SealiftError
from sealift.packing import options
from sealift.seal import layout, manifest

MARK = 0xFFFFFFFF
PARTS: dict[str, bytes] = {
    "card.md": "# Größe\n".encode(),
    "contract.json": b'{"inputs":[]}',
    "evidence.json": b"{}",
    "golden/examples.json": b'{"rows":[[1,"NaN"]]}',
    "model.onnx": holding(bytes(range(256)) * 40),
    "provenance.json": b"{}",
    "reference/sketches.json": b"{}",
    "sbom.cdx.json": b"{}",
}


def assembled(parts: dict[str, bytes] | None = None, *, name: str = "tiny", version: str = "1") -> dict[str, bytes]:
    return seal.assemble(
        PARTS if parts is None else parts,
        name=name,
        version=version,
        task="classification",
        producer="sealift 0.1.0",
        opsets={"": 21},
    )


def data_of(members: dict[str, bytes]) -> bytes:
    return b"".join(layout.pack(members))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    members = assembled()
    seal.write(tmp_path / "a.seal", members)
    sealed = seal.read(tmp_path / "a.seal")
    assert {name: bytes(data) for name, data in sealed.members.items()} == members
    assert sealed.identity == hashlib.sha256(members["manifest.json"]).hexdigest()
    assert (sealed.manifest.name, sealed.manifest.version, sealed.manifest.task) == ("tiny", "1", "classification")
    assert sealed.manifest.producer == "sealift 0.1.0"
    assert sealed.manifest.opsets == {"": 21}
    assert sealed.json("golden/examples.json") == {"rows": [[1, "NaN"]]}
    assert sealed.text("card.md") == "# Größe\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.seal"]


def test_the_same_members_make_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    turned = dict(reversed(PARTS.items()))
    seal.write(tmp_path / "a", assembled())
    seal.write(tmp_path / "b", assembled(turned))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_member_begins_at_a_multiple_of_64() -> None:
    data = data_of(assembled())
    for entries in zipfile.ZipFile(io.BytesIO(data)).infolist():
        at = entries.header_offset
        name, extra = (int.from_bytes(data[at + i : at + i + 2], "little") for i in (26, 28))
        start = at + 30 + name + extra
        assert start % 64 == 0, entries.filename
        assert data[start : start + entries.file_size] == assembled()[entries.filename]


def test_pythons_zipfile_reads_it() -> None:
    with zipfile.ZipFile(io.BytesIO(data_of(assembled()))) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == assembled()


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_reads_it(tmp_path: Path) -> None:
    seal.write(tmp_path / "a.seal", assembled())
    done = subprocess.run(["unzip", "-q", "a.seal", "-d", "out"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    for name, data in assembled().items():
        assert (tmp_path / "out" / name).read_bytes() == data


def test_members_are_read_only() -> None:
    sealed = seal.parse(data_of(assembled()))
    assert sealed.members["model.onnx"].readonly
    with pytest.raises(TypeError):
        sealed.members["model.onnx"] = memoryview(b"")  # type: ignore[index]


@pytest.mark.parametrize("name", list(PARTS))
def test_the_identity_changes_with_any_member(name: str) -> None:
    changed = holding(b"another") if name == "model.onnx" else PARTS[name] + b"\n"
    other = assembled({**PARTS, name: changed})
    assert seal.parse(data_of(other)).identity != seal.parse(data_of(assembled())).identity


def test_the_identity_changes_with_name_and_version() -> None:
    members = (assembled(), assembled(name="other"), assembled(version="2"))
    assert len({seal.parse(data_of(one)).identity for one in members}) == 3


def test_a_missing_member_is_reported() -> None:
    sealed = seal.parse(data_of(assembled()))
    for read in (sealed.json, sealed.text):
        with pytest.raises(SealError, match=r"reference/background\.json") as caught:
            read("reference/background.json")
        assert caught.value.code == "E205"


@pytest.mark.parametrize("name", ["", ".", "-a", "a/b", "a b", "a\n", "ä", "a" * 129, "../a"])
def test_a_name_that_no_manifest_has_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        assembled(name=name)
    with pytest.raises(PackError) as caught:
        options.check_name(name, "1")
    assert caught.value.code == "E304"


@pytest.mark.parametrize("version", ["", "+1", "1/2", "1 2", "1\n", "1" * 65])
def test_a_version_that_no_manifest_has_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="version"):
        assembled(version=version)
    with pytest.raises(PackError) as caught:
        options.check_name("tiny", version)
    assert caught.value.code == "E304"


def test_a_producer_that_steers_a_terminal_is_refused() -> None:
    with pytest.raises(ValueError, match="printable"):
        seal.assemble(PARTS, name="a", version="1", task="x", producer="\x1b[2J", opsets={})


@pytest.mark.parametrize(
    ("opsets", "sound"),
    [
        ({}, True),
        ({"": 1, "ai.onnx.ml": 999}, True),
        ({"": 0}, False),
        ({"": 1000}, False),
        ({"": True}, False),
        ({"": 1.5}, False),
        ({"ä": 1}, False),
        ([], False),
    ],
)
def test_opsets_of_a_manifest(opsets: Any, sound: bool) -> None:
    raw = {**canonical.loads(assembled()["manifest.json"]), "opsets": opsets}
    if sound:
        assert manifest.parse(canonical.dumps(raw)).opsets == opsets
        return
    with pytest.raises(SealError, match="opsets") as caught:
        manifest.parse(canonical.dumps(raw))
    assert caught.value.code == "E205"


def incomplete() -> dict[str, dict[str, bytes]]:
    whole = assembled()
    return {
        "no manifest": PARTS,
        "no model": assembled({name: data for name, data in PARTS.items() if name != "model.onnx"}),
        "changed": {**whole, "card.md": b"#"},
        "bad json": assembled({**PARTS, "evidence.json": b"{"}),
        "unknown": {**whole, "model.pkl": b""},
        "too many": {**whole, **{f"{i}": b"" for i in range(16)}},
        "too large": assembled({**PARTS, "card.md": bytes((16 << 20) + 1)}),
    }


@pytest.mark.parametrize("kind", incomplete())
def test_what_could_not_be_read_is_not_written(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SealError) as caught:
        seal.write(tmp_path / "a.seal", incomplete()[kind])
    assert caught.value.fix
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_survives_a_failed_write(tmp_path: Path) -> None:
    path = tmp_path / "a.seal"
    seal.write(path, assembled())
    before = path.read_bytes()
    with pytest.raises(SealError):
        seal.write(path, PARTS)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["missing.seal", "folder", "a\0b"])
def test_an_unreadable_file_is_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError) as caught:
        seal.read(tmp_path / name)
    assert caught.value.code == "E401"


def test_an_ordinary_zip_is_refused(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as opened:
            for name, data in sorted(assembled().items()):
                opened.writestr(name, data)
        with pytest.raises(SealError) as caught:
            seal.parse(stream.getvalue())
        assert caught.value.code == "E202"


def test_no_prefix_of_a_file_is_a_file() -> None:
    data = data_of(assembled({**PARTS, "model.onnx": holding(b"x")}))
    for length in range(len(data)):
        with pytest.raises(SealError):
            seal.parse(data[:length])


def test_errors_cross_process_boundaries() -> None:
    with pytest.raises(SealiftError) as caught:
        seal.parse(b"")
    assert pickle.loads(pickle.dumps(caught.value)).code == "E201"


class Long(bytes):
    """Nothing, of a length that no memory holds."""

    def __new__(cls, length: int) -> Long:
        made = super().__new__(cls)
        made.length = length
        return made

    def __len__(self) -> int:
        return self.length

    length: int


MIB = 1 << 20
SIZES = {
    "card.md": 16 * MIB,
    "contract.json": 16 * MIB,
    "evidence.json": MIB,
    "golden/examples.json": 16 * MIB,
    "manifest.json": MIB,
    "model.onnx": 2**31 - 1,
    "provenance.json": MIB,
    "reference/background.json": 16 * MIB,
    "reference/sketches.json": 16 * MIB,
    "sbom.cdx.json": MIB,
    "signature.json": MIB,
    f"arrays/{'0' * 64}": 256 * MIB,
    f"blobs/{'0' * 64}": 16 * MIB,
    f"weights/{'0' * 64}": 2**40,
}


def packed(members: dict[str, bytes]) -> str:
    """The code of the error with which they are refused; "" if they are packed."""
    try:
        list(layout.pack(members))
    except SealError as error:
        return error.code
    return ""


def test_the_arrays_of_examples_have_a_limit_together() -> None:
    one, other = f"arrays/{'0' * 64}", f"arrays/{'1' * 64}"
    half = 128 << 20
    assert packed({one: Long(half), other: Long(half)}) == ""
    assert packed({one: Long(half), other: Long(half + 1)}) == "E203"
    assert packed({f"array/{'0' * 64}": b""}) != ""


@pytest.mark.parametrize("name", SIZES)
def test_the_size_of_each_member_has_a_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MAX_FILE", 2**50)
    assert packed({name: Long(SIZES[name])}) == ""
    assert packed({name: Long(SIZES[name] + 1)}) == "E203"


@pytest.mark.parametrize(("size", "version"), [(MARK - 1, 20), (MARK, 45), (MARK + 1, 45)])
def test_sizes_and_places_beyond_four_gib_stand_in_fields_of_zip64(size: int, version: int) -> None:
    first, second = (f"weights/{digit * 64}" for digit in "01")
    pieces = [bytes(piece) for piece in layout.pack({first: Long(size), second: b"x"})]
    header = struct.unpack_from("<4s5H3I2H", pieces[0])
    assert (header[1], header[7], header[8]) == (version, min(size, MARK), min(size, MARK))
    assert (struct.pack("<2H2Q", 1, 16, size, size) in pieces[0]) == (version == 45)
    # The second member begins beyond the size of the first one.
    directory = pieces[4]
    place = size + len(pieces[0])
    assert place > MARK
    assert struct.pack("<2HQ", 1, 8, place) in directory
    assert (struct.pack("<2H2Q", 1, 16, size, size) in directory) == (version == 45)


def test_members_beside_the_model_have_16_mib_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MAX_FILE", 2**50)
    large = {"model.onnx": Long(2**31 - 1), f"weights/{'0' * 64}": Long(2**40)}
    assert packed({**large, "card.md": Long(16 * MIB - 5), "sbom.cdx.json": Long(5)}) == ""
    assert packed({**large, "card.md": Long(16 * MIB - 5), "sbom.cdx.json": Long(6)}) == "E203"


def test_arrays_of_examples_have_256_mib_in_all() -> None:
    first, second = (f"arrays/{digit * 64}" for digit in "01")
    assert packed({"card.md": Long(16 * MIB), first: Long(256 * MIB - 5), second: Long(5)}) == ""
    assert packed({"card.md": Long(16 * MIB), first: Long(256 * MIB - 5), second: Long(6)}) == "E203"


@pytest.mark.parametrize("name", ["card.md", "model.onnx"])
def test_limits_hold_for_files_that_are_read_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = data_of(assembled())
    size = len(PARTS[name])
    monkeypatch.setattr(layout, "LIMITS", {**layout.LIMITS, name: size})
    assert name in layout.unpack(data)
    monkeypatch.setattr(layout, "LIMITS", {**layout.LIMITS, name: size - 1})
    with pytest.raises(SealError, match=f"{size} bytes, {size - 1} are allowed") as caught:
        layout.unpack(data)
    assert caught.value.code == "E203"


def test_members_beside_the_model_have_a_limit_in_files_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    members = assembled()
    data = data_of(members)
    beside = sum(len(body) for name, body in members.items() if name != "model.onnx")
    monkeypatch.setattr(layout, "MOST_BESIDE_MODEL", beside)
    assert len(layout.unpack(data)) == len(members)
    monkeypatch.setattr(layout, "MOST_BESIDE_MODEL", beside - 1)
    with pytest.raises(SealError, match="beside the model") as caught:
        layout.unpack(data)
    assert caught.value.code == "E203"


def test_a_file_has_one_tib(monkeypatch: pytest.MonkeyPatch) -> None:
    assert layout.MAX_FILE == 2**40
    members = assembled()
    data = data_of(members)
    monkeypatch.setattr(layout, "MAX_FILE", len(data))
    assert len(layout.unpack(data)) == len(members)
    monkeypatch.setattr(layout, "MAX_FILE", len(data) - 1)
    with pytest.raises(SealError, match="1 TiB") as caught:
        layout.unpack(data)
    assert caught.value.code == "E203"
    # The end is written in 98 bytes where the file is large, and in 22 else.
    monkeypatch.setattr(layout, "MAX_FILE", len(data) + 76)
    assert packed(members) == ""
    monkeypatch.setattr(layout, "MAX_FILE", len(data) + 75)
    assert packed(members) == "E203"


@pytest.mark.parametrize(
    ("values", "given", "read"),
    [
        # Both in the field, or one, or fewer values than the headers say.
        ((5, 5, 7), (MARK, MARK), (5, 7)),
        ((5, 5), (MARK, 3), (5, 3)),
        ((7,), (4, MARK), (4, 7)),
        ((5, 5), (MARK, MARK), (5, MARK)),
        ((5,), (MARK, MARK), (5, MARK)),
        ((), (MARK, 3), (MARK, 3)),
        ((5, 5, 7, 9), (MARK, MARK), (MARK, MARK)),
    ],
)
def test_zip64_fields_of_any_length(values: tuple[int, ...], given: tuple[int, int], read: tuple[int, int]) -> None:
    field = struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)
    assert layout._far(field, *given) == read
    for damaged in (field[:-1], field + b"\0", b"\2" + field[1:], field[:2] + b"\1" + field[3:]):
        assert layout._far(damaged, *given) == given


def test_a_short_file_whose_end_claims_zip64_is_damaged() -> None:
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0, 0, 0, MARK, 0)
    for between in (30, 71, 72, 200):
        with pytest.raises(SealError, match="ZIP64 end record") as caught:
            layout.unpack(b"PK\3\4" + bytes(between) + end)
        assert caught.value.code == "E202"


def test_the_limits_are_those_of_the_specification() -> None:
    page = (Path(__file__).parents[2] / "spec" / "SEAL.md").read_text(encoding="utf-8")
    table = page.split("## 3. Members")[1].split("## 4.")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    by_digest = {f"{family}/<sha256>" for family in ("arrays", "blobs", "weights")}
    assert {name.strip(" `") for name, _ in rows} == {*layout.LIMITS} | by_digest
    required = {name.strip(" `") for name, needed in rows if needed.strip() == "yes"}
    assert required == manifest.REQUIRED | {"manifest.json"}
