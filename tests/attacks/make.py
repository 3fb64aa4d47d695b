"""Make the attack files and `expected.json`, byte for byte the same on every machine.

    python tests/attacks/make.py

Nothing of Sealift is imported: the files follow spec/SEAL.md by hand, so they test the reader and the page alike.
`expected.json` says for each file the code with which reading refuses it (null: it is sound) and, where `verify`
stands, the code of a check against `publisher.pub` afterwards; where `open` stands, the code with which its contract,
stages or golden examples are refused when it is opened (null: they are sound).
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent)]

import array_cases  # noqa: E402
import graph_cases  # noqa: E402
import member_cases  # noqa: E402

import onnx_bytes  # noqa: E402

VECTORS = HERE.parent.parent / "spec" / "vectors" / "seal"
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the Ed25519 group (RFC 8032 §5.1)
PRIME = 2**255 - 19
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7  # y of points of order 8

Json = dict[str, Any]
Members = dict[str, bytes]
Changes = dict[str, dict[str, Any]]

PARTS: Members = {
    "card.md": b"# Tiny\n",
    "contract.json": b'{"inputs":[]}',
    "evidence.json": b"{}",
    "golden/examples.json": b'{"rows":[]}',
    "model.onnx": onnx_bytes.SOUND,
    "provenance.json": b"{}",
    "sbom.cdx.json": b"{}",
}


# --- a ZIP writer in which everything can be wrong


def extra_for(offset: int, name: bytes) -> bytes:
    padding = -(offset + 30 + len(name) + 4) % 64
    return struct.pack("<2H", 0x5EA1, padding) + bytes(padding)


def local_header(name: bytes, offset: int, data: bytes, change: dict[str, Any]) -> bytes:
    f = {"version": 20, "flags": 0x800, "method": 0, "time": 0, "date": 0x21, "crc": zlib.crc32(data)}
    f |= {"packed": len(data), "size": len(data)} | {k: v for k, v in change.items() if isinstance(v, int)}
    name = bytes(change.get("name", name))
    extra = bytes(change.get("extra", extra_for(offset, name)))
    head = (f["version"], f["flags"], f["method"], f["time"], f["date"], f["crc"], f["packed"], f["size"])
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", *head, len(name), len(extra)) + name + extra


def central_header(name: bytes, offset: int, data: bytes, change: dict[str, Any]) -> bytes:
    f = {"made": 20, "version": 20, "flags": 0x800, "method": 0, "time": 0, "date": 0x21, "crc": zlib.crc32(data)}
    f |= {"packed": len(data), "size": len(data), "disk": 0, "internal": 0, "external": 0, "offset": offset}
    f |= {k: v for k, v in change.items() if isinstance(v, int)}
    name, extra, comment = (
        bytes(change.get("name", name)),
        bytes(change.get("extra", b"")),
        bytes(change.get("comment", b"")),
    )
    head = (f["made"], f["version"], f["flags"], f["method"], f["time"], f["date"], f["crc"], f["packed"], f["size"])
    rest = (len(name), len(extra), len(comment), f["disk"], f["internal"], f["external"], f["offset"])
    return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *head, *rest) + name + extra + comment


def archive(
    members: Members | Iterable[tuple[bytes, bytes]],
    *,
    local: Changes | None = None,
    central: Changes | None = None,
    end: dict[str, int] | None = None,
    before: Members | None = None,
    after: Members | None = None,
    records: Callable[[int, int, int], bytes] = lambda *_: b"",
) -> bytes:
    """`local` and `central` change header fields by member; `before`, `after` put bytes around a member's bytes."""
    pairs = sorted((n.encode(), d) for n, d in members.items()) if isinstance(members, dict) else list(members)
    body, directory = b"", b""
    for name, data in pairs:
        key = name.decode("latin-1")
        mine = {"data": data, **(local or {}).get(key, {})}
        body += (before or {}).get(key, b"")
        offset = len(body)
        body += local_header(name, offset, data, mine) + mine["data"] + (after or {}).get(key, b"")
        directory += central_header(name, offset, data, (central or {}).get(key, {}))
    f = {"disk": 0, "first": 0, "here": len(pairs), "all": len(pairs), "size": len(directory), "start": len(body)}
    f |= {"comment": 0} | (end or {})
    last = struct.pack("<4s4H2IH", b"PK\x05\x06", *f.values())
    return body + directory + records(len(pairs), len(directory), len(body)) + last


# --- sound parts to start from


def spell(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def entry(data: bytes) -> Json:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def manifest(parts: Members, **changes: Any) -> Json:
    return {
        "format": 1,
        "members": {name: entry(data) for name, data in parts.items()},
        "name": "tiny",
        "opsets": {"": 21, "ai.onnx.ml": 5},
        "producer": "sealift 0.1.0",
        "task": "classification",
        "version": "1",
        **changes,
    }


def whole(more: Members | None = None, /, **changed: bytes | None) -> Members:
    """All members with their manifest; `contract__json=…` replaces one before the manifest is made."""
    parts = PARTS | (more or {})
    for key, data in changed.items():
        name = key.replace("___", "/").replace("__", ".")
        if data is None:
            del parts[name]
        else:
            parts[name] = data
    return {**parts, "manifest.json": spell(manifest(parts))}


def alone(**changes: Any) -> bytes:
    """An archive of a manifest only: if the manifest passed, the answer would be E202, not E204 or E205."""
    return archive({"manifest.json": spell(manifest({}, **changes))})


def spelled(data: bytes) -> bytes:
    return archive({"manifest.json": data})


# --- signatures


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"sealift attack files: " + name.encode()).digest())


PUBLISHER, STRANGER = key("publisher"), key("stranger")


def key_id(private: Ed25519PrivateKey) -> str:
    return hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()


def statement(members: Members, **changes: Any) -> Json:
    identity = hashlib.sha256(members["manifest.json"]).hexdigest()
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": {"name": "tiny", "version": "1"},
        "predicateType": "urn:sealift:seal:1",
        "subject": [{"digest": {"sha256": identity}, "name": "tiny-1.seal"}],
        **changes,
    }


KIND = "application/vnd.in-toto+json"


def pae(payload: bytes, kind: str = KIND) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def signed_by(private: Ed25519PrivateKey, payload: bytes, kind: str = KIND) -> Json:
    return {"keyid": key_id(private), "sig": b64(private.sign(pae(payload, kind)))}


def envelope(payload: bytes, signatures: list[Json], **changes: Any) -> Json:
    ordered = sorted(signatures, key=lambda one: str(one.get("keyid")))
    return {"payload": b64(payload), "payloadType": KIND, "signatures": ordered, **changes}


WHOLE = whole()
PAYLOAD = spell(statement(WHOLE))
GOOD = signed_by(PUBLISHER, PAYLOAD)


def signed(signature: Json | bytes) -> bytes:
    data = signature if isinstance(signature, bytes) else spell(signature)
    return archive({**WHOLE, "signature.json": data})


def sealed(*signatures: Json, **changes: Any) -> bytes:
    return signed(envelope(PAYLOAD, list(signatures), **changes))


# --- the files

CASES: dict[str, tuple[bytes, str | None, str, Json]] = {}


def case(name: str, data: bytes, code: str | None, why: str, verify: str = "", **more: Any) -> None:
    if name in CASES:
        raise AssertionError(name)
    CASES[name] = (data, code, why, ({"verify": None if verify == "ok" else verify} if verify else {}) | more)


def sound() -> None:
    case("sound.seal", archive(WHOLE), None, "the least that is sound", "E503")
    extra = {"reference___sketches__json": b'{"x":["NaN",-0,1e-7]}', "reference___background__json": b'{"rows":[]}'}
    text = "# Größe 😀\n".encode()
    case("sound-all-members.seal", archive(whole(card__md=text, **extra)), None, "every optional member but one")
    case("sound-signed.seal", sealed(GOOD, signed_by(STRANGER, PAYLOAD)), None, "two signatures", "ok")


def outer() -> None:
    good = archive(WHOLE)
    case("empty.seal", b"", "E201", "no bytes")
    case("not-a-zip.seal", b"<!doctype html><title>sign in to download</title>", "E201", "a web page saved instead")
    case("prefixed.seal", b"#!/bin/sh\nexit\n" + good, "E201", "a self-extracting archive")
    case("no-members.seal", archive({}), "E201", "an end record only")
    case("cut-in-header.seal", good[:20], "E201", "cut in the first header")
    case("cut-in-member.seal", good[: len(good) // 2], "E202", "cut in a member")
    case("cut-in-directory.seal", good[:-100], "E202", "cut in the directory")
    case("cut-last-byte.seal", good[:-1], "E202", "the last byte is missing")
    case("trailing-byte.seal", good + b"\0", "E202", "one byte too many")
    case("twice.seal", archive({"card.md": b"# Other\n"}) + good, "E202", "two archives in one file")
    case("second-end.seal", good[:-2] + b"\x16\0" + good[-22:], "E202", "a second end record as comment")
    case("comment.seal", good[:-2] + b"\x02\0hi", "E202", "an archive comment")
    zipped = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(1 << 20)
    packed = zipped.compress(zeros) + zipped.flush()
    method = {"method": 8, "packed": len(packed)}
    bomb = archive(
        whole(model__onnx=zeros), local={"model.onnx": {**method, "data": packed}}, central={"model.onnx": method}
    )
    case("bomb-deflated.seal", bomb, "E202", "a member that grows a thousandfold")


def names() -> None:
    for name, shown, why in (
        ("traversal", "../model.onnx", "climbs out of the folder"),
        ("absolute", "/etc/passwd", "an absolute name"),
        ("backslash", "golden\\examples.json", "a backslash for a slash"),
        ("nul", "model.onnx\0.txt", "a NUL"),
        ("case", "Model.onnx", "another case of a known name"),
        ("empty", "", "no name"),
        ("directory", "golden/", "a folder"),
        ("pickle", "model.pkl", "a pickle"),
    ):
        data = archive({**WHOLE, shown: b"" if name == "directory" else b"x"})
        case(f"name-{name}.seal", data, "E202", f"a member's name: {why}")
    data = archive(WHOLE, local={"card.md": {"name": b"cord.md"}})
    case("name-differs.seal", data, "E202", "the header and the directory name a member differently")
    pairs = sorted((n.encode(), d) for n, d in WHOLE.items())
    case("duplicate.seal", archive(sorted([*pairs, (b"card.md", b"# Other\n")])), "E202", "a name twice")
    case("unsorted.seal", archive(pairs[::-1]), "E202", "the members out of order")


def headers() -> None:
    def both(name: str, why: str, **change: Any) -> None:
        data = archive(WHOLE, local={"model.onnx": change}, central={"model.onnx": change})
        case(f"{name}.seal", data, "E202", why)

    both("encrypted", "the flag of encryption", flags=0x801)
    both("version-zip64", "a later version needed", version=45)
    both("crc", "a wrong CRC in both headers", crc=1)
    model: Changes = {"model.onnx": {}}
    descriptor = struct.pack("<4s3I", b"PK\x07\x08", zlib.crc32(PARTS["model.onnx"]), *[len(PARTS["model.onnx"])] * 2)
    flag: Changes = {"model.onnx": {"flags": 0x808}}
    data = archive(WHOLE, local=flag, central=flag, after={"model.onnx": descriptor})
    case("data-descriptor.seal", data, "E202", "the flag of a data descriptor, and one")
    case("extra-missing.seal", archive(WHOLE, local={"card.md": {"extra": b""}}), "E202", "no alignment")
    filled = extra_for(0, b"card.md").replace(b"\0\0\0", b"hid", 1)
    case("extra-filled.seal", archive(WHOLE, local={"card.md": {"extra": filled}}), "E202", "something in the padding")
    for name, change, why in (
        ("central-extra", {"extra": b"\xa1\x5e\0\0"}, "an extra field in the directory"),
        ("symlink", {"made": 0x314, "external": 0o120777 << 16}, "a symbolic link"),
        ("other-disk", {"disk": 1}, "a member on another disk"),
        ("overlap", {"offset": 0}, "two members in one place"),
        ("overlap-by-size", {"size": 200, "packed": 200}, "a member that reaches into the next"),
        ("offset-beyond", {"offset": 0xFFFFFFF0}, "an offset beyond the end"),
    ):
        case(f"{name}.seal", archive(WHOLE, central={**model, "model.onnx": change}), "E202", why)
    case("gap.seal", archive(WHOLE, before={"model.onnx": bytes(64)}), "E202", "bytes between two members")
    ghost = local_header(b"ghost", 0, b"boo", {}) + b"boo"
    case("ghost.seal", archive(WHOLE, before={"model.onnx": ghost}), "E202", "a member that the directory conceals")
    case("count-short.seal", archive(WHOLE, end={"here": 7, "all": 7}), "E202", "one member less than there are")
    case("directory-moved.seal", archive(WHOLE, end={"start": 64}), "E202", "the directory is elsewhere")


def limits() -> None:
    case("count-huge.seal", archive(WHOLE, end={"here": 0xFFFF, "all": 0xFFFF}), "E203", "claims 65535 members")
    for name, member, size in (
        ("size-zip64", "model.onnx", 0xFFFFFFFF),
        ("size-2-gib", "model.onnx", 1 << 31),
        ("size-manifest", "manifest.json", (1 << 20) + 1),
    ):
        change: Changes = {member: {"size": size, "packed": size}}
        case(f"{name}.seal", archive(WHOLE, local=change, central=change), "E203", f"claims {size} bytes")

    three: Changes = {name: {"size": 12 << 20, "packed": 12 << 20} for name in list(PARTS)[:3]}
    case("size-sum.seal", archive(WHOLE, local=three, central=three), "E203", "claims 36 MiB beside the model")

    def zip64(count: int, size: int, start: int) -> bytes:
        record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
        return record + struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)

    case("zip64-spare.seal", archive(WHOLE, records=zip64), "E202", "ZIP64 records beside sound ones")
    full = {"here": 0xFFFF, "all": 0xFFFF, "size": 0xFFFFFFFF, "start": 0xFFFFFFFF}
    case("zip64.seal", archive(WHOLE, records=zip64, end=full), "E203", "ZIP64 records")


def membership() -> None:
    def listed(parts: Members, members: Json) -> bytes:
        return archive({**parts, "manifest.json": spell(manifest({}, members=members))})

    entries = {name: entry(data) for name, data in PARTS.items()}
    case("no-manifest.seal", archive(PARTS), "E202", "no manifest")
    case("no-model.seal", archive(whole(model__onnx=None)), "E202", "without a model, and says so")
    less = {name: data for name, data in WHOLE.items() if name != "evidence.json"}
    case("listed-but-missing.seal", archive(less), "E202", "a listed member is missing")
    case("unlisted.seal", archive({**WHOLE, "reference/sketches.json": b"{}"}), "E202", "a member nobody listed")
    case("changed.seal", archive({**WHOLE, "card.md": b"# Tinx\n"}), "E202", "a member changed, with its CRC")
    case(
        "digest.seal",
        listed(PARTS, {**entries, "card.md": {**entries["card.md"], "sha256": "0" * 64}}),
        "E202",
        "digest",
    )
    case("size.seal", listed(PARTS, {**entries, "card.md": {**entries["card.md"], "size": 8}}), "E202", "another size")
    itself = {**entries, "manifest.json": entry(b"")}
    case("lists-itself.seal", listed(PARTS, itself), "E202", "the manifest lists itself")


BODY = struct.pack("<d", 3.0)  # a tensor of one double
EXTERNAL = onnx_bytes.number(14, 1)


def by_digest(family: str, *bodies: bytes) -> Members:
    return {f"{family}/{hashlib.sha256(body).hexdigest()}": body for body in bodies}


def weights() -> None:
    """Constants outside the graph: members of this file and nothing else."""
    o = onnx_bytes
    nodes = [o.node("Mul", ["x", "w"], ["y"])]
    held = by_digest("weights", BODY)

    def made(name: str, code: str | None, why: str, tensor: bytes, members: Members = held) -> None:
        case(f"{name}.seal", archive(whole(members, model__onnx=o.simple(nodes, [tensor]))), code, why)

    def named(location: bytes | str, **more: str) -> bytes:
        pairs = {"location": location, **more}
        listed = o.each(13, (o.content(1, key) + o.content(2, text) for key, text in pairs.items()))
        return o.tensor("w", o.DOUBLE, [1, 1], more=listed + EXTERNAL)

    name = next(iter(held))
    made("sound-weights", None, "a constant outside the graph", o.weight("w", BODY, more=EXTERNAL))
    two = o.simple(
        [o.node("Mul", ["x", "w"], ["a"]), o.node("Add", ["a", "v"], ["y"])],
        [o.weight("w", BODY, more=EXTERNAL), o.weight("v", BODY, more=EXTERNAL)],
    )
    case("sound-weights-shared.seal", archive(whole(held, model__onnx=two)), None, "two constants in one member")
    made("weight-absent", "E208", "a constant in a member that is not there", o.weight("w", b"other", more=EXTERNAL))
    made("weight-flag", "E208", "a member for a constant that is not marked as outside", o.weight("w", BODY))
    two_places = o.weight("w", BODY, more=o.content(13, o.content(1, "location") + o.content(2, "x")) + EXTERNAL)
    made("weight-two-places", "E208", "a constant in a member and in another file", two_places)
    for key in ("offset", "length", "checksum"):
        made(f"weight-{key}", "E208", f"a constant with the key {key}", named(name, **{key: "8"}))
    for kind, location in (
        ("model", "model.onnx"),
        ("blob", name.replace("weights", "blobs")),
        ("climbing", f"weights/../{name}"),
        ("dot", f"./{name}"),
        ("upper", name.upper()),
        ("newline", f"{name}\n"),
        ("nul", f"{name}\0"),
        ("empty", ""),
    ):
        made(f"weight-place-{kind}", "E208", f"a constant whose place is {location[:20]!r}", named(location))
    wide = o.weight("w", BODY, dims=(1, 2), more=EXTERNAL)
    made("weight-dims", "E205", "a constant of two elements in a member of one", wide)
    made("weight-type", "E205", "a constant of text outside", o.weight("w", BODY, o.STRING, more=EXTERNAL))
    beside = o.weight("w", BODY, more=EXTERNAL + o.content(9, BODY))
    made("weight-twofold", "E205", "a constant with data inside and outside", beside)
    inside = o.tensor("w", o.DOUBLE, [1, 1], BODY)
    made("weight-unused", "E205", "a member for weights that nothing names", inside)
    constant = o.node("Constant", [], ["w"], o.tensor_attribute("value", o.weight("", BODY, more=EXTERNAL)))
    data = archive(whole(held, model__onnx=o.simple([constant, *nodes])))
    case("weight-constant.seal", data, "E208", "a member for the tensor of a Constant")
    other = {f"weights/{'0' * 64}": BODY}
    case("weight-digest.seal", archive(whole(other)), "E202", "a member for weights with another digest than its name")
    for kind, text in (("short", "0" * 63), ("long", "0" * 65), ("upper", "A" * 64), ("none", ""), ("folder", "a/b")):
        for family in ("arrays", "weights", "blobs"):
            data = archive(whole({f"{family}/{text}": BODY}))
            case(f"name-{family}-{kind}.seal", data, "E202", f"a member {family}/ with the name {text[:8]!r}")
    change: Changes = {name: {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}}
    data = archive(whole(held), local=change, central=change)
    case("weight-size.seal", data, "E202", "weights that claim 4 GiB")
    field = struct.pack("<2H2Q", 1, 16, len(BODY), len(BODY))
    change = {name: {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "version": 45, "extra": field}}
    data = archive(whole(held), central=change)
    case("zip64-needless.seal", data, "E202", "a size in a ZIP64 field that needs none")
    change = {name: {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": struct.pack("<2H2Q", 1, 16, 1 << 60, 1 << 60)}}
    case("zip64-size.seal", archive(whole(held), central=change), "E203", "weights that claim 2^60 bytes")

    def records(count: int, size: int, start: int) -> bytes:
        record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
        return record + struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)

    data = archive(WHOLE, records=records, end={"start": 0xFFFFFFFF})
    case("zip64-end-needless.seal", data, "E202", "a ZIP64 end record that needs none")
    case(
        "zip64-end-missing.seal",
        archive(WHOLE, end={"start": 0xFFFFFFFF}),
        "E202",
        "a ZIP64 end record that is missing",
    )
    far = archive(WHOLE, records=lambda *_: records(8, 1 << 62, 1 << 62), end={"start": 0xFFFFFFFF})
    case("zip64-end-far.seal", far, "E202", "a directory at 2^62")


def blobs() -> None:
    """Data of stages: there, referred to, and JSON."""
    sound, _ = member_cases.parted(member_cases.with_stages([member_cases.CHAR]))
    held = by_digest("blobs", b"[]")
    golden = spell(member_cases.GOLDEN)

    def made(name: str, code: str, why: str, members: Members, contract: Json = sound) -> None:
        parts = {"contract__json": spell(contract), "golden___examples__json": golden}
        case(f"blob-{name}.seal", archive(whole(members, **parts)), None, why, open=code)

    def changed(**changes: Any) -> Json:
        return {**sound, "stages": [{**sound["stages"][0], **changes}]}

    made("missing", "E106", "data of a stage that is not there", {})
    made("spare", "E106", "data that no stage refers to", held | by_digest("blobs", b"{}"))
    made("alone", "E106", "data beside a contract without stages", held, member_cases.CONTRACT)
    made("digest-list", "E106", "data by a list of digests", held, changed(data={"space": [next(iter(held))]}))
    made("inline", "E106", "data in its place", held, changed(spec={**sound["stages"][0]["spec"], "stop_words": []}))
    made("key", "E106", "data under a key of its own", held, changed(data={**sound["stages"][0]["data"], "x": "y"}))
    made("kind", "E106", "a stage of another kind", held, changed(stage="text/2"))
    made("fields", "E106", "a stage of two fields", held, changed(fields=[1, 1]))
    made("field-half", "E106", "a stage of half a field", held, changed(fields=[0.5]))
    made("more", "E106", "a key of a stage that is not known", held, changed(url="x"))
    for name, body, why in (
        ("twice", b'{"a":1,"a":1}', "a key twice"),
        ("cut", b"[1,2", "cut short"),
        ("binary", b"\x00\xff", "no text"),
        ("deep", b"[" * 33 + b"]" * 33, "33 levels"),
    ):
        digest = hashlib.sha256(body).hexdigest()
        made(
            f"json-{name}", "E205", f"data of a stage: {why}", by_digest("blobs", body), changed(data={"space": digest})
        )


def arrays() -> None:
    """Arrays of examples: there, referred to, and of the stated size."""
    contract = spell(member_cases.CONTRACT)
    for name, golden, body, code, why in array_cases.cases():
        background = spell(array_cases.background(body))
        parts = {"contract__json": contract, "golden___examples__json": spell(golden)}
        data = archive(whole(by_digest("arrays", body), **parts, reference___background__json=background))
        case(f"array-{name}.seal", data, None, why, open=code)
    held = {"arrays/" + "0" * 64: BODY}
    parts = {"golden___examples__json": spell({"answers": {"y": {"member": next(iter(held))}}})}
    case("array-digest.seal", archive(whole(held, **parts)), "E202", "an array whose digest is not its name")
    spare = whole(by_digest("arrays", BODY))
    case("array-spare.seal", archive(spare), "E205", "an array that no row refers to")
    size = (256 << 20) + 1
    name = next(iter(by_digest("arrays", BODY)))
    claimed: Changes = {name: {"size": size, "packed": size}}
    case("array-size.seal", archive(spare, local=claimed, central=claimed), "E203", f"an array claims {size} bytes")
    two = whole(by_digest("arrays", BODY, BODY * 2))
    half: Changes = {name: {"size": 129 << 20, "packed": 129 << 20} for name in two if name.startswith("arrays/")}
    case("array-sum.seal", archive(two, local=half, central=half), "E203", "two arrays claim 258 MiB")


def manifests() -> None:
    good = spell(manifest({}))
    for name, value, code in (
        ("0", 0, "E205"), ("2", 2, "E204"), ("99", 99, "E204"), ("text", "1", "E205"), ("true", True, "E205"),
        ("null", None, "E205"), ("negative", -1, "E205"), ("list", [1], "E205"),
    ):  # fmt: skip
        case(f"format-{name}.seal", alone(format=value), code, f"format is {value!r}")
    case("format-2-other-keys.seal", spelled(b'{"format":2,"parts":[]}'), "E204", "a newer format of another form")
    for name, old, new, why in (
        ("format-1.0", b'"format":1', b'"format":1.0', "an integer spelled as a fraction"),
        ("format-1e0", b'"format":1', b'"format":1e0', "an integer spelled with an exponent"),
        ("format-huge", b'"format":1', b'"format":1' + b"0" * 400, "a number beyond a double"),
        ("digits-4500", b'"":21', b'"":2' + b"1" * 4500, "a number of 4500 digits"),
        ("duplicate-key", b'"name":"tiny"', b'"name":"tiny","name":"tiny"', "a key twice"),
        ("duplicate-key-escaped", b'"name":"tiny"', b'"name":"tiny","n\\u0061me":"tiny"', "a key twice, once escaped"),
        ("nan", b'"":21', b'"":NaN', "NaN, which is not JSON"),
        ("infinity", b'"":21', b'"":-Infinity', "-Infinity, which is not JSON"),
        ("overflow", b'"":21', b'"":1e999', "a number that becomes infinity"),
        ("opset-fraction", b'"":21', b'"":21.5', "half an operator set"),
        ("opset-0", b'"":21', b'"":0', "operator set 0"),
        ("opset-domain", b'"":21', b'"\\n":21', "a domain that is none"),
        ("white-space", b'"name":', b'"name": ', "white space"),
        ("escape", b"tiny", b"t\\u0069ny", "a letter spelled as an escape"),
        ("half-surrogate", b"classification", b"\\ud800", "half a surrogate pair"),
        ("terminal", b"classification", b"\\u001b[2J", "a control sequence for the terminal"),
        ("not-ascii", b"classification", "clаssification".encode(), "a look-alike letter"),
        ("not-utf8", b"tiny", b"t\xffny", "not UTF-8"),
        ("surrogate-utf8", b"tiny", b"t\xed\xa0\x80ny", "a surrogate in UTF-8"),
        ("control", b"tiny", b"t\x01ny", "a bare control character"),
        ("name-newline", b"tiny", b"tiny\\n", "a name with a newline at its end"),
        ("name-traversal", b"tiny", b"../tiny", "a name that climbs"),
        ("name-long", b"tiny", b"t" * 129, "a name of 129 letters"),
        ("unknown-key", b'"version"', b'"vendor":"x","version"', "a key that the format does not know"),
        ("missing-key", b'"name":"tiny",', b"", "a key too few"),
        ("comma", b'"version":"1"', b'"version":"1",', "a comma too many"),
        ("unsorted", b'"format":1,"members":{}', b'"members":{},"format":1', "keys out of order"),
        ("deep", b'"":21', b'"":' + b"[" * 32 + b"]" * 32, "nested 34 levels deep"),
        ("abyss", b'"":21', b'"":' + b"[" * 1500 + b"]" * 1500, "nested 1500 levels deep"),
        ("unclosed", b'"":21', b'"":' + b"[" * 1500, "1500 brackets never closed"),
    ):
        if good.count(old) != 1:
            raise AssertionError(name)
        case(f"manifest-{name}.seal", spelled(good.replace(old, new)), "E205", f"the manifest: {why}")
    for name, data, why in (
        ("empty", b"", "no bytes"), ("bom", b"\xef\xbb\xbf" + good, "a byte order mark"), ("list", b"[]", "a list"),
        ("utf16", good.decode().encode("utf-16-le"), "UTF-16"), ("tail", good + b"{}", "something behind it"),
        ("newline", good + b"\n", "a newline behind it"), ("quote", good[:-2], "a text never closed"),
    ):  # fmt: skip
        case(f"manifest-{name}.seal", spelled(data), "E205", f"the manifest: {why}")
    for name, listed, why in (
        ("negative-size", {"sha256": "0" * 64, "size": -1}, "a negative size"),
        ("true-size", {"sha256": "0" * 64, "size": True}, "a size that is true"),
        ("upper-digest", {"sha256": "A" * 64, "size": 1}, "a digest in capitals"),
        ("short-digest", {"sha256": "0" * 63, "size": 1}, "a digest too short"),
        ("extra-entry", {"sha256": "0" * 64, "size": 1, "url": "http://x"}, "an address beside the digest"),
        ("entry-null", None, "no entry"),
    ):
        case(f"manifest-{name}.seal", alone(members={"card.md": listed}), "E205", f"the manifest: {why}")
    case("manifest-members-list.seal", alone(members=[]), "E205", "the manifest: members is a list")
    case("manifest-proto.seal", alone(members={"__proto__": entry(b"")}), "E202", "lists a member named __proto__")


def contents() -> None:
    deep = b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"
    for name, changed, why in (
        ("json-duplicate-key", {"contract__json": b'{"inputs":[],"inputs":[]}'}, "a key twice in the contract"),
        ("json-nan", {"evidence__json": b'{"accuracy":NaN}'}, "NaN in the evidence"),
        ("json-overflow", {"golden___examples__json": b'{"rows":[[1e999]]}'}, "a number that becomes infinity"),
        ("json-inexact", {"golden___examples__json": b'{"rows":[[9007199254740993]]}'}, "an integer no double holds"),
        ("json-deep", {"golden___examples__json": deep}, "33 levels"),
        ("json-bom", {"sbom__cdx__json": b"\xef\xbb\xbf{}"}, "a byte order mark"),
        ("json-empty", {"provenance__json": b""}, "no bytes"),
        ("json-surrogate", {"provenance__json": b'{"host":"\\uDC00"}'}, "half a surrogate pair"),
        ("json-optional", {"reference___sketches__json": b"{"}, "an optional member that is no JSON"),
        ("card-not-utf8", {"card__md": b"# Gr\xf6\xdfe\n"}, "a card in Latin-1"),
    ):
        case(f"{name}.seal", archive(whole(**changed)), "E205", why)


def graphs() -> None:
    for name, data, code, why in graph_cases.cases():
        case(f"{name}.seal", archive(whole(model__onnx=data)), code, why)
    members = whole(model__onnx=onnx_bytes.simple(graph_cases.CASTED, [onnx_bytes.external("w")]))
    payload = spell(statement(members))
    signature = spell(envelope(payload, [signed_by(PUBLISHER, payload)]))
    data = archive({**members, "signature.json": signature})
    case("graph-signed.seal", data, "E208", "data outside the file, and a valid signature")


def signatures() -> None:
    other = spell(statement({"manifest.json": b"another"}))
    case(
        "signature-other-model.seal", signed(envelope(other, [signed_by(PUBLISHER, other)])), "E502", "of another model"
    )
    renamed = spell(statement(WHOLE, predicate={"name": "heart", "version": "1"}))
    case("signature-renamed.seal", signed(envelope(renamed, [signed_by(PUBLISHER, renamed)])), "E502", "another name")
    loose = json.dumps(statement(WHOLE)).encode()
    case("signature-loose.seal", signed(envelope(loose, [signed_by(PUBLISHER, loose)])), "E502", "another spelling")
    kind = "application/vnd.other+json"
    foreign = envelope(PAYLOAD, [signed_by(PUBLISHER, PAYLOAD, kind)], payloadType=kind)
    case("signature-payload-type.seal", signed(foreign), "E205", "another type of payload")
    case("signature-none.seal", sealed(), "E205", "an envelope without a signature")
    case("signature-twice.seal", sealed(GOOD, GOOD), "E205", "one key twice")
    two = sorted([GOOD, signed_by(STRANGER, PAYLOAD)], key=lambda one: str(one["keyid"]), reverse=True)
    case(
        "signature-unsorted.seal",
        signed({**envelope(PAYLOAD, []), "signatures": two}),
        "E205",
        "signatures out of order",
    )
    stray = chr(ord(GOOD["sig"][-3]) + 1)
    for name, change, why in (
        ("stray-bits", {"sig": GOOD["sig"][:-3] + stray + "=="}, "bits that base64 decoders pass over"),
        ("url-base64", {"sig": GOOD["sig"].replace("/", "_").replace("+", "-")}, "the other base64"),
        ("short", {"sig": b64(bytes(63))}, "63 bytes"),
        ("keyid-upper", {"keyid": GOOD["keyid"].upper()}, "a key id in capitals"),
        ("keyid-empty", {"keyid": ""}, "no key id"),
        ("cert", {"cert": "x"}, "a key that DSSE does not know"),
    ):
        case(f"signature-{name}.seal", sealed({**GOOD, **change}), "E205", f"a signature: {why}")
    pretty = json.dumps(envelope(PAYLOAD, [GOOD]), sort_keys=True).encode()
    case("signature-white-space.seal", signed(pretty), "E205", "white space in the envelope")
    case("signature-listed.seal", listed_signature(), "E202", "the manifest lists the signature")

    raw = base64.b64decode(GOOD["sig"])
    flipped = bytes([raw[0] ^ 1]) + raw[1:]
    malleable = raw[:32] + (int.from_bytes(raw[32:], "little") + ORDER).to_bytes(32, "little")
    stranger = signed_by(STRANGER, PAYLOAD)
    case("verify-flipped.seal", sealed({**GOOD, "sig": b64(flipped)}), None, "a bit of the signature flipped", "E502")
    case("verify-malleable.seal", sealed({**GOOD, "sig": b64(malleable)}), None, "S + L instead of S", "E502")
    case("verify-zero.seal", sealed({**GOOD, "sig": b64(bytes(64))}), None, "a signature of zeros", "E502")
    case(
        "verify-posing.seal", sealed({**stranger, "keyid": GOOD["keyid"]}), None, "a stranger under our key id", "E502"
    )
    case("verify-stranger.seal", sealed(stranger), None, "signed by a stranger", "E503")
    bare = {**GOOD, "sig": b64(PUBLISHER.sign(PAYLOAD))}
    case("verify-no-pae.seal", sealed(bare), None, "signed without DSSE's encoding", "E502")


def openings() -> None:
    old = whole(contract__json=spell(member_cases.provisional()))
    case("provisional.seal", archive(old), "E211", "a contract in the form that preceded format 1")
    for name, contract, golden, code, why in member_cases.cases():
        held, blobs = member_cases.parted(contract)
        parts = {"contract__json": spell(held), "golden___examples__json": spell(golden)}
        case(f"{name}.seal", archive(whole(blobs, **parts)), None, why, open=code)


def listed_signature() -> bytes:
    signature = spell(envelope(PAYLOAD, [GOOD]))
    members = {name: entry(data) for name, data in {**PARTS, "signature.json": signature}.items()}
    return archive({**PARTS, "manifest.json": spell(manifest({}, members=members)), "signature.json": signature})


def vectors() -> Members:
    """What a second implementation needs to compare with, beside the files."""
    identity = {
        "file": "tests/attacks/files/sound-signed.seal",
        "identity": hashlib.sha256(WHOLE["manifest.json"]).hexdigest(),
        "keyids": {"publisher": key_id(PUBLISHER), "stranger": key_id(STRANGER)},
        "publicKey": PUBLISHER.public_key().public_bytes_raw().hex(),
        "payload": PAYLOAD.decode(),
        "preAuthenticationEncoding": pae(PAYLOAD).hex(),
        "signature": base64.b64decode(GOOD["sig"]).hex(),
    }
    keys = {
        "accepted": [private.public_key().public_bytes_raw().hex() for private in (PUBLISHER, STRANGER)],
        "refused": [one.hex() for one in weak_keys()],
    }
    return {
        "signed.json": json.dumps(identity, indent=1, ensure_ascii=True).encode() + b"\n",
        "keys.json": json.dumps(keys, indent=1, ensure_ascii=True).encode() + b"\n",
    }


def weak_keys() -> list[bytes]:
    """The encodings of the points of small order, each with either sign, and all with y ≥ p."""
    small = (0, 1, PRIME - 1, ORDER_8, PRIME - ORDER_8, *range(PRIME, 2**255))
    return [(y | sign << 255).to_bytes(32, "little") for y in small for sign in (0, 1)]


def build() -> dict[Path, bytes]:
    """Every file that this script writes."""
    CASES.clear()
    sections = (sound, outer, names, headers, limits, membership, weights, blobs, arrays)
    for part in (*sections, manifests, contents, graphs, signatures, openings):
        part()
    files = {HERE / "files" / name: data for name, (data, *_) in CASES.items()}
    expected = {name: {"code": code, "why": why} | more for name, (_, code, why, more) in sorted(CASES.items())}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in expected.items())
    files[HERE / "expected.json"] = f"{{\n{lines}\n}}\n".encode()
    files[HERE / "publisher.pub"] = PUBLISHER.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return files | {VECTORS / name: data for name, data in vectors().items()}


def main() -> None:
    files = build()
    for old in (HERE / "files").glob("*"):
        if old not in files:
            old.unlink()
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main()
