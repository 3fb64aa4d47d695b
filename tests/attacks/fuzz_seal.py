"""Feed mutated bytes to the reader; anything raised but SealError or SignatureError is a finding.

Run by hand, not by pytest:

    uv pip install atheris
    python tests/attacks/fuzz_seal.py -max_total_time=240 -max_len=4096 tests/attacks/files

libFuzzer writes what it finds interesting into the first folder given: give an empty one before `tests/attacks/files`
to keep the attack files as they are. The first byte chooses the target: `m` a manifest in a sound container,
`s` a signature in a sound file, `j` a JSON text, anything else a whole file.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))

from onnx_bytes import holding

atheris: Any = importlib.import_module("atheris")  # has no types, and is not among the development tools

with atheris.instrument_imports(include=["sealift"]):
    from sealift import canonical
    from sealift.errors import SealError, SignatureError
    from sealift.seal import layout, reader, writer

PARTS = dict.fromkeys(("contract.json", "evidence.json", "golden/examples.json", "provenance.json"), b"{}")
PARTS |= {"card.md": b"#", "model.onnx": holding(b""), "sbom.cdx.json": b"{}"}
SOUND = writer.assemble(PARTS, name="tiny", version="1", task="classification", producer="fuzz", opsets={"": 21})


def strict_json(data: bytes) -> object:
    try:
        return canonical.loads(data)
    except ValueError:
        return None


def one_input(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    try:
        if kind == b"m":
            reader.parse(b"".join(layout.pack({**PARTS, "manifest.json": rest})))
        elif kind == b"s":
            reader.parse(b"".join(layout.pack({**SOUND, "signature.json": rest})))
        elif kind == b"j":
            value = strict_json(rest)
            if value is not None and canonical.loads(canonical.dumps(value)) != value:
                raise AssertionError("a value changed on its way through its canonical spelling")
        else:
            reader.parse(data)
    except (SealError, SignatureError) as error:
        if not error.fix:
            raise AssertionError("an error without advice") from error


def main() -> None:
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
