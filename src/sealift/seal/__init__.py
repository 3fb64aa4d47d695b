"""The sealed file: reads untrusted bytes, checks every one of them, and writes the only valid encoding.

The format is specified in spec/SEAL.md.
"""

from sealift.seal.file_source import FileSource, read_source
from sealift.seal.graph import GraphInfo, Port
from sealift.seal.keys import PrivateKey, make_keys, open_private_key, sign_path
from sealift.seal.layout import LIMITS, Bytes
from sealift.seal.manifest import FORMAT, Manifest
from sealift.seal.reader import Seal, parse, read, sealed
from sealift.seal.signature import (
    Signature,
    generate_keys,
    key_id,
    load_private_key,
    load_public_key,
    sign,
    sign_file,
    sign_members,
    signatures,
    verify_key,
)
from sealift.seal.writer import assemble, write

__all__ = [
    "FORMAT",
    "LIMITS",
    "Bytes",
    "FileSource",
    "GraphInfo",
    "Manifest",
    "Port",
    "PrivateKey",
    "Seal",
    "Signature",
    "assemble",
    "generate_keys",
    "key_id",
    "load_private_key",
    "load_public_key",
    "make_keys",
    "open_private_key",
    "parse",
    "read",
    "read_source",
    "sealed",
    "sign",
    "sign_file",
    "sign_members",
    "sign_path",
    "signatures",
    "verify_key",
    "write",
]
