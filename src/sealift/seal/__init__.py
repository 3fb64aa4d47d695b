"""The sealed file: reads untrusted bytes, checks every one of them, and writes them so that there is only one way.

The format is specified in spec/SEAL.md.
"""

from sealift.seal.graph import GraphInfo, Port
from sealift.seal.layout import LIMITS
from sealift.seal.manifest import FORMAT, Manifest
from sealift.seal.reader import Seal, parse, read
from sealift.seal.signature import (
    Signature,
    generate_keys,
    load_private_key,
    load_public_key,
    sign,
    sign_file,
    signatures,
    verify_key,
)
from sealift.seal.source import Source, read_source
from sealift.seal.writer import assemble, write

__all__ = [
    "FORMAT",
    "LIMITS",
    "GraphInfo",
    "Manifest",
    "Port",
    "Seal",
    "Signature",
    "Source",
    "assemble",
    "generate_keys",
    "load_private_key",
    "load_public_key",
    "parse",
    "read",
    "read_source",
    "sign",
    "sign_file",
    "signatures",
    "verify_key",
    "write",
]
