"""Write web/app/licenses/onnxruntime.txt: `python web/app/licenses/make.py`, when onnxruntime-web is renewed.

The npm package has no file of licences; the texts of the projects that its WebAssembly is built from are those of
ThirdPartyNotices.txt in the Python package of ONNX Runtime.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

# Names in ThirdPartyNotices.txt. All else there is for other builds (GPUs, training, tests).
OWN_TEXT = (
    "protocolbuffers/protobuf", "google/re2", "Microsoft GSL", "HowardHinnant/date", "nlohmann/json",
    "dcleblanc/SafeInt", "Boost", "emsdk", "Eigen",
)  # fmt: skip

HEAD = """With onnxruntime-common and the WebAssembly build of ONNX Runtime

{licence}

The WebAssembly build contains code of the projects below, under their own licences. Source code of Eigen, which is
under the MPL 2.0, is at https://gitlab.com/libeigen/eigen. Also under the licence above: musl, Copyright (c) 2005-2020
Rich Felker, et al. libc++ and compiler-rt are under the Apache License 2.0 with LLVM exceptions, which ask for no
notice in compiled code."""


def main() -> None:
    package = files("onnxruntime")
    sections = re.split(r"^_{3,}\s*$", package.joinpath("ThirdPartyNotices.txt").read_text(), flags=re.MULTILINE)
    by_name = {section.strip().split("\n")[0].strip(): section.strip() for section in sections}
    apache = by_name["google/flatbuffers"]
    apache = apache[apache.index("Apache License") :]
    parts = [HEAD.format(licence=package.joinpath("LICENSE").read_text().strip())]
    parts += [by_name[name] for name in OWN_TEXT]
    parts.append("ONNX (Copyright (c) ONNX Project Contributors), FlatBuffers (Copyright Google Inc.) and Abseil\n"
                 "(Copyright The Abseil Authors)\n\n" + apache)
    text = "\n\n----------\n\n".join(parts)
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    Path(__file__).with_name("onnxruntime.txt").write_text(text)


if __name__ == "__main__":
    main()
