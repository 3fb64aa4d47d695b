"""Makes spec/vectors/documents.json: TXT and DOCX files, with their texts or the code of their refusal.

Run it with `python tests/vectors/make_documents.py`. The texts are stated here, beside the files; no code of Sealift is
used.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[2] / "spec" / "vectors" / "documents.json"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
GUESSED = "read as Windows-1252, because it is not UTF-8"


def rels(target: str = "word/document.xml", kind: str = f"{RELATIONS}/officeDocument") -> str:
    return f'{HEAD}<Relationships><Relationship Id="rId1" Type="{kind}" Target="{target}"/></Relationships>'


def part(body: str, root: str = "document") -> str:
    return f'{HEAD}<w:{root} xmlns:w="{W}"><w:body>{body}</w:body></w:{root}>'


def p(*runs: str) -> str:
    return f"<w:p><w:pPr><w:jc w:val='left'/></w:pPr>{''.join(runs)}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def docx(body: str | bytes, *, method: int = zipfile.ZIP_DEFLATED, **parts: str) -> bytes:
    """A DOCX file; names of other parts with `__` for `/`, without their ending."""
    stream = io.BytesIO()
    files: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "_rels/.rels": rels()}
    files["word/document.xml"] = body if isinstance(body, bytes) else part(body)
    files |= {f"{name.replace('__', '/')}.xml": content for name, content in parts.items()}
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def zipped(files: dict[str, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def table(*rows: tuple[str, ...]) -> str:
    made = "".join(f"<w:tr>{''.join(f'<w:tc><w:tcPr/>{cell}</w:tc>' for cell in row)}</w:tr>" for row in rows)
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{made}</w:tbl>"


def edited(data: bytes, signature: bytes, place: int, value: bytes, *, which: int = -1) -> bytes:
    """The archive with other bytes in the last header with this signature, or in all of them."""
    made = bytearray(data)
    at = made.find(signature)
    places = []
    while at >= 0:
        places.append(at)
        at = made.find(signature, at + 1)
    for start in places if which < 0 else [places[which]]:
        made[start + place : start + place + len(value)] = value
    return bytes(made)


TEXTS: list[tuple[str, bytes, str, str]] = [
    ("UTF-8", "Größe 5 µm, 日本語 😀".encode(), "Größe 5 µm, 日本語 😀", ""),
    ("UTF-8 with a byte order mark", "\ufeffé".encode(), "é", ""),
    ("UTF-16, little endian", b"\xff\xfe" + "Łódź 😀".encode("utf-16-le"), "Łódź 😀", ""),
    ("UTF-16, big endian", b"\xfe\xff" + "Łódź".encode("utf-16-be"), "Łódź", ""),
    ("Windows-1252", "Größe 5 µm – 3 €".encode("cp1252"), "Größe 5 µm – 3 €", GUESSED),
    ("line ends", b"one\r\ntwo\rthree\n\n\n", "one\ntwo\nthree", ""),
    ("tabs and a form feed", b" a\tb\x0cc \n", " a\tb\x0cc ", ""),
    ("no XML", b"<w:t>5 &lt; 6</w:t>", "<w:t>5 &lt; 6</w:t>", ""),
]

WORDS: list[tuple[str, bytes, str]] = [
    ("paragraphs", docx(p(r("Dear "), r("colleague,")) + p() + p(r("no finding."))), "Dear colleague,\n\nno finding."),
    ("stored without compression", docx(p(r("plain")), method=zipfile.ZIP_STORED), "plain"),
    ("entities and line ends", docx(p(r("a &lt; b &amp; c&#13;&#x41;\r\nd"))), "a < b & c A d"),
    ("CDATA and a comment", docx(p(r("<![CDATA[<b> & ]]>x<!-- no -->y"))), "<b> & xy"),
    ("tabs, breaks and hyphens",
     docx(p("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>")),
     "a\tb\nc\u2011d"),
    ("a table", docx(p(r("Results")) + table((p(r("Hb")), p(r("13.1")) + p(r("g/dl"))), (p(r("Leuko")), p())) +
                     p(r("end"))), "Results\nHb\t13.1 g/dl\nLeuko\t\nend"),
    ("a table in a table", docx(table((table((p(r("a")), p(r("b")))), p(r("c"))))), "a b\tc"),
    ("changes", docx(p(r("old"), f"<w:del>{r('gone').replace('w:t', 'w:delText')}</w:del>",
                       f"<w:ins>{r(' new')}</w:ins>"
                       f"<w:moveFrom>{r('moved')}</w:moveFrom><w:moveTo>{r(' here')}</w:moveTo>")), "old new here"),
    ("hidden text", docx(p(r("a"), r("b", "<w:b/><w:vanish/>"), r("c", '<w:vanish w:val="0"/>'))), "ac"),
    ("links, fields and controls",
     docx(p(f'<w:hyperlink r:id="x" xmlns:r="{RELATIONS}">{r("link")}</w:hyperlink>',
            "<w:r><w:instrText>PAGE</w:instrText></w:r>", f"<w:fldSimple w:instr='DATE'>{r(' 3 May')}</w:fldSimple>",
            f"<w:sdt><w:sdtPr><w:t>no</w:t></w:sdtPr><w:sdtContent>{r(' box')}</w:sdtContent></w:sdt>")),
     "link 3 May box"),
    ("a block control", docx(f"<w:sdt><w:sdtContent>{p(r('inside'))}</w:sdtContent></w:sdt>{p(r('outside'))}"),
     "inside\noutside"),
    ("a text box, once",
     docx(p(r("before"), "<w:r><mc:AlternateContent xmlns:mc='m'><mc:Choice><w:drawing><w:txbxContent>" +
            p(r("boxed")) + "</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>" +
            p(r("boxed")) + "</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r>", r(" after"))),
     "before after\nboxed"),
    ("headers, notes and footers",
     docx(p(r("body")), word__header2=part(p(r("Ward 3")), "hdr"), word__header10=part(p(r("last")), "hdr"),
          word__header1=part(p(r("Ward 3")), "hdr"), word__footer1=part(p(r("page 1")), "ftr"),
          word__footnotes=part(p() + p(r("a note")), "footnotes"), word__comments=part(p(r("no")), "comments"),
          custom__header1=part(p(r("no")), "hdr")),
     "Ward 3\nlast\nbody\na note\npage 1"),
    ("another prefix", docx(part(p(r("x"))).replace("w:", "ns0:").replace("xmlns:w=", "xmlns:ns0=").encode()), "x"),
    ("UTF-16", docx(b"\xff\xfe" + part(p(r("é😀"))).replace("UTF-8", "UTF-16").encode("utf-16-le")), "é😀"),
    ("another main part",
     zipped({"_rels/.rels": rels("/word/document2.xml"), "word/document2.xml": part(p(r("main"))),
             "word/vbaProject.bin": b"\0macro"}), "main"),
]  # fmt: skip

OPEN, CLOSE = "<w:sdt>", "</w:sdt>"
LETTER = docx(p(r("letter")))
REFUSED: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "R123"),
    ("white space only", b" \r\n\t\xc2\xa0", "R123"),
    ("UTF-16 without a byte order mark", "letter".encode("utf-16-le"), "R121"),
    ("UTF-16 with half a character", b"\xff\xfea\0b", "R121"),
    ("bytes that Windows-1252 does not have", b"caf\xe9 \x81", "R121"),
    ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "R121"),
    ("an old Word document", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "R121"),
    ("RTF", rb"{\rtf1 text}", "R121"),
    ("another archive", zipped({"a.txt": b"text"}), "R121"),
    ("a workbook", zipped({"_rels/.rels": rels("xl/workbook.xml"), "xl/workbook.xml": "<workbook/>"}), "R121"),
    ("relationships that lead nowhere", zipped({"_rels/.rels": rels("word/gone.xml")}), "R121"),
    ("no text", docx(p()), "R123"),
    ("truncated", LETTER[:-30], "R122"),
    ("an encrypted part", edited(LETTER, b"PK\x01\x02", 8, b"\x01\0"), "R123"),
    ("a wrong checksum", edited(LETTER, b"PK\x01\x02", 16, b"\0\0\0\0"), "R122"),
    ("an unknown compression", edited(LETTER, b"PK\x01\x02", 10, b"\x09\0"), "R122"),
    ("a part that is said to be large", edited(LETTER, b"PK\x01\x02", 24, (1 << 26).to_bytes(4, "little")), "R122"),
    ("a part that is larger than said", edited(LETTER, b"PK\x01\x02", 24, (20).to_bytes(4, "little")), "R122"),
    ("a decompression bomb", docx(p(r(" " * (1 << 25)))), "R122"),
    ("a document type",
     docx(part(p(r("x"))).replace("<w:document", "<!DOCTYPE w:document [<!ENTITY a 'b'>]><w:document").encode()),
     "R122"),
    ("an unknown entity", docx(p(r("&nbsp;"))), "R122"),
    ("an ampersand", docx(p(r("a & b"))), "R122"),
    ("a forbidden character", docx(p(r("a&#1;b"))), "R122"),
    ("tags that are crossed", docx("<w:p><w:r></w:p></w:r>"), "R122"),
    ("an open tag", docx(b"<w:document xmlns:w='w'>"), "R122"),
    ("two roots", docx(b"<a/><b/>"), "R122"),
    ("no root", docx(b"<!-- -->"), "R122"),
    ("text after the root", docx(b"<a/>text"), "R122"),
    ("an attribute without quotes", docx(b"<a b=c/>"), "R122"),
    ("XML in another encoding", docx(b"<a>\xe9</a>"), "R122"),
    ("too deep", docx(OPEN * 300 + CLOSE * 300), "R122"),
]  # fmt: skip


def cases() -> Iterator[dict[str, Any]]:
    for why, data, text, note in TEXTS:
        yield {"why": why, "file": base64.b64encode(data).decode(), "text": text, "note": note}
    for why, data, text in WORDS:
        yield {"why": why, "file": base64.b64encode(data).decode(), "text": text, "note": ""}
    for why, data, code in REFUSED:
        yield {"why": why, "file": base64.b64encode(data).decode(), "code": code}


if __name__ == "__main__":
    spelled = [json.dumps(case, separators=(",", ":"), ensure_ascii=False) for case in cases()]
    OUT.write_text('{"cases":[\n' + ",\n".join(spelled) + "\n]}\n", encoding="utf-8")
