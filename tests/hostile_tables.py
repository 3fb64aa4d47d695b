"""Small table files that claim to hold gigabytes, made without ever holding them."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

_SUMMED = 100

HEADER = ["age", "weight", "sex", "id"]


def workbook(path: Path, rows: list[list[object]]) -> dict[str, bytes]:
    """The parts of a workbook with a header and `rows`."""
    book = openpyxl.Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive(path: Path, parts: dict[str, bytes], large: str = "", *, unit: bytes = b"", times: int = 0) -> Path:
    """A ZIP file of `parts`; in the one called `large`, the byte 0x01 stands for `times` times `unit`."""
    locals_, central = b"", b""
    for name, data in parts.items():
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        if name == large:
            before, after = data.split(b"\1")
            # Flushed, a piece ends on a byte and refers to nothing before it, so that equal pieces are equal bytes.
            packed = packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
            packed += (packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)) * times
            packed += packer.compress(after) + packer.flush()
            size, crc = len(before) + times * len(unit) + len(after), 0
            if times <= _SUMMED:  # in larger ones a wrong sum shows at the end only, where no reader comes
                crc = zlib.crc32(before + unit * times + after)
        else:
            packed, size, crc = packer.compress(data) + packer.flush(), len(data), zlib.crc32(data)
        start, encoded = len(locals_), name.encode()
        common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(packed), size, len(encoded), 0)
        locals_ += b"PK\3\4" + common + encoded + packed
        central += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, start) + encoded
    count = len(parts)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(locals_), 0)
    path.write_bytes(locals_ + central + end)
    return path


SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
TYPES, RELATIONS = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
_SHARED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def with_strings(parts: dict[str, bytes], strings: bytes) -> dict[str, bytes]:
    """The parts with a table of shared strings."""
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
    relation = b'<Relationship Type="' + _SHARED.encode() + b'" Target="sharedStrings.xml" Id="rId9"/></Relationships>'
    return {
        **parts,
        TYPES: parts[TYPES].replace(b"</Types>", override),
        RELATIONS: parts[RELATIONS].replace(b"</Relationships>", relation),
        STRINGS: b'<sst xmlns="' + _MAIN + b'">' + strings + b"</sst>",
    }


def xlsx(path: Path, case: str) -> Path:
    """A workbook of a few megabytes at most that would take gigabytes of memory, or hours."""
    parts = workbook(path, [[50, 70, "f", "zz"]])
    sheet = parts[SHEET]
    row = b'<row r="2">'
    assert sheet.count(b"<t>zz</t>") == sheet.count(row) == 1

    def large(text: bytes, unit: bytes, megabytes: int, name: str = SHEET) -> Path:
        block = unit * ((1 << 20) // len(unit))
        return archive(path, {**parts, name: text}, name, unit=block, times=megabytes)

    kind, _, size = case.partition(" of ")
    megabytes = {"1.5 GB": 1500, "60 MB": 60}.get(size, 0)
    if kind == "cell":
        return large(sheet.replace(b"zz", b"\1"), b"a", megabytes)
    if kind == "attribute":
        return large(sheet.replace(row, b'<row r="2" x="\1">'), b"a", megabytes)
    if kind == "row":
        return large(sheet.replace(row, row + b"\1"), b"<c/>", megabytes)
    if kind == "rows":
        return large(sheet.replace(row, b"\1" + row), b"<row/>", megabytes)
    if kind == "depth":
        return large(sheet.replace(row, b"\1"), b"<row>", megabytes)
    if kind == "comment":
        return large(sheet.replace(row, b"<!--\1-->" + row), b"<", megabytes)
    if kind == "elements":
        return large(sheet.replace(row, b"\1" + row), b"<x/>", megabytes)
    if case == "shared strings of 0.8 GB":
        parts = with_strings(parts, b"<si><t>\1</t></si>")
        return large(parts[STRINGS], b"</t></si><si><t>", 800, STRINGS)
    if case == "shared string of 0.1 GB":
        parts = with_strings(parts, b"<si><t>\1</t></si>")
        return large(parts[STRINGS], b"a", 100, STRINGS)
    if case == "styles of 0.1 GB":
        styles = parts["xl/styles.xml"]
        return large(styles.replace(b"</cellXfs>", b"\1</cellXfs>"), b"<xf/>", 100, "xl/styles.xml")
    if case == "styles of 3 million formats":
        styles = parts["xl/styles.xml"]
        return large(styles.replace(b"</cellXfs>", b"\1</cellXfs>"), b"<xf/>", 15, "xl/styles.xml")
    if case == "row number of two billion":
        return archive(path, {**parts, SHEET: sheet.replace(row, b'<row r="2000000000">')})
    if case == "column beyond the last":
        return archive(path, {**parts, SHEET: sheet.replace(b'r="D2"', b'r="ZZZ2"')})
    if case == "entities":
        lol = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        return archive(path, {**parts, SHEET: lol + sheet.replace(b"zz", b"&b;")})
    if case == "UTF-16":
        return archive(path, {**parts, SHEET: sheet.decode().encode("utf-16")})
    if case == "EBCDIC":
        return archive(
            path, {**parts, SHEET: ('<?xml version="1.0" encoding="cp037"?>' + sheet.decode()).encode("cp037")}
        )
    raise AssertionError(case)


KINDS = "cell", "attribute", "row", "rows", "depth", "comment"
XLSX = [
    *(f"{kind} of {size}" for size in ("1.5 GB", "60 MB") for kind in KINDS),
    "shared strings of 0.8 GB", "shared string of 0.1 GB", "styles of 0.1 GB", "styles of 3 million formats",
    "row number of two billion", "column beyond the last", "entities", "UTF-16", "EBCDIC",
]  # fmt: skip


REPEATED = "a text of 500 kB in 4,600 rows"
PARQUET = ["2.2 GB of plain text", "200 million equal rows"]


def parquet(path: Path, case: str) -> Path:
    """A Parquet file of some kilobytes that would take gigabytes."""
    if case == REPEATED:
        rows, text = 4600, "a" * 500_000
        texts = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
        table = pa.table({"age": [50.0] * rows, "weight": [70.0] * rows, "sex": ["f"] * rows, "id": texts})
        pq.write_table(table, path, compression="zstd")
    elif case == "2.2 GB of plain text":
        schema = pa.schema([("age", pa.float64()), ("weight", pa.float64()), ("sex", pa.string()), ("id", pa.string())])
        with pq.ParquetWriter(path, schema, compression="zstd", compression_level=19, use_dictionary=False) as writer:
            text = pa.array(["a" * 1_000_000])
            for _ in range(2200 // 550):
                count = 550
                texts = pa.concat_arrays([text] * count)
                columns = [pa.array([50.0] * count), pa.array([70.0] * count), pa.array(["f"] * count), texts]
                writer.write_table(pa.table(columns, schema=schema))
    elif case == "200 million equal rows":
        schema = pa.schema([("age", pa.float64()), ("weight", pa.float64()), ("sex", pa.string()), ("id", pa.string())])
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            count = 10_000_000
            table = pa.table({field.name: pa.nulls(count, field.type) for field in schema})
            for _ in range(20):
                writer.write_table(table, row_group_size=count)
    else:
        raise AssertionError(case)
    return path


def csv(path: Path, case: str) -> Path:
    """A CSV file with a record that no table has; sparse on the disk where it can be."""
    with path.open("wb") as stream:
        stream.write(b"age,weight,sex,id\n50,70,f,a\n50,70,f,")
        if case == "row of 150 M cells":
            for _ in range(150):
                stream.write(b"," * 1_000_000)
        elif case == "row of 40 M cells over many lines":
            for _ in range(40):
                stream.write(b'"\n",' * 1_000_000)
        elif case == "header of 4 M cells":
            stream.seek(0)
            stream.write(b"," * 4_000_000)
        elif case == "header of 500,000 names":
            stream.seek(0)
            stream.write(b",".join(b"c%d" % i for i in range(500_000)) + b"\n1,2\n")
        else:
            raise AssertionError(case)
    return path


CSV = ["row of 150 M cells", "row of 40 M cells over many lines", "header of 4 M cells", "header of 500,000 names"]
