"""Makes spec/vectors/image/dicom.json: DICOM files of every compressed transfer syntax, and the samples of their frame.

Run it as `python tests/vectors/make_dicom.py` with pydicom and its plugins pylibjpeg, pylibjpeg-libjpeg,
pylibjpeg-openjpeg and pyjpegls, which decode the samples, and imagecodecs, which encodes the files. JPEG of 12 bits is
decoded by imagecodecs (libjpeg-turbo), because libjpeg of pylibjpeg has another inverse transform. No code of Sealift
is used.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels.utils

sys.path.insert(0, str(Path(__file__).parents[1]))
import dicom_files

imagecodecs: Any = import_module("imagecodecs")
OUT = Path(__file__).parents[2] / "spec" / "vectors" / "image" / "dicom.json"


def main() -> None:
    """Write the file."""
    cases = []
    for case in dicom_files.compressed(imagecodecs):
        if "4:2:0" in case.name or case.name == "JPEG grey":
            continue  # which a browser decodes
        samples = decoded(case)
        if case.pixels is not None:
            assert np.array_equal(samples, case.pixels), case.name
        text = base64.b64encode(samples.astype("<i4").astype("<i2").tobytes()).decode()
        cases.append({"why": case.name, "file": base64.b64encode(case.file).decode(), "samples": text})
    versions = {"pydicom": pydicom.__version__, "imagecodecs": imagecodecs.__version__}
    lines = ",\n".join(json.dumps(case) for case in cases)
    OUT.write_text(f'{{"version":{json.dumps(versions)},"cases":[\n{lines}\n]}}\n', encoding="utf-8")


def decoded(case: dicom_files.Case) -> Any:
    """The samples of the first frame: signed or unsigned, or colours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = pydicom.dcmread(io.BytesIO(case.file))
        if "12 bits" in case.name:
            frames = pydicom.encaps.generate_frames(file.PixelData, number_of_frames=1)
            return imagecodecs.jpeg8_decode(next(frames))
        syntax = file.file_meta.TransferSyntaxUID
        plugin = "pyjpegls" if syntax in (dicom_files.JLS, dicom_files.NEAR_JLS) else "pylibjpeg"
        samples = pydicom.pixels.utils.pixel_array(io.BytesIO(case.file), index=0, raw=True, decoding_plugin=plugin)
    # JPEG-LS and JPEG lossless have no signs; that of the data set is the highest bit that is stored (PS3.5 §8.1.1).
    unused = file.BitsAllocated - file.BitsStored if file.PixelRepresentation else 0
    return samples << unused >> unused


if __name__ == "__main__":
    main()
