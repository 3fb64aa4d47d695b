"""A net on DICOM files: packed with a window, proved against pydicom, and predicted from files."""

from __future__ import annotations

from pathlib import Path

import pytest

import sealift
from image_nets import net
from sealift.errors import ContractError, PackError

pydicom = pytest.importorskip("pydicom")

FOLDER = Path(pydicom.__file__).parent / "data/test_files"
NAMES = ("CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_implicit.dcm", "examples_overlay.dcm")
FILES = [next(FOLDER.rglob(name)) for name in NAMES]
NATIVE = sealift.ProofOptions(engines=("native",))


@pytest.mark.parametrize("window", ["file", "full", [40, 511]])
def test_dicom_files_are_windowed_as_by_pydicom(tmp_path: Path, window: object) -> None:
    reader = sealift.Image(resize=(32, 32), dicom={"window": window})
    result = sealift.pack(net(), FILES, name="scans", preprocess=reader, output=tmp_path / "s.seal", proof=NATIVE)
    assert result.report.passed
    sealed = result.load()
    assert sealed.contract.stages[0].spec["decode"]["dicom"] == {"window": window}
    assert sealed.predict(FILES)["probability"].shape == (len(FILES), 3)
    with pytest.raises(ContractError, match="R113"):
        sealed.predict([next(FOLDER.rglob("liver_1frame.dcm"))])


def test_an_unknown_window_is_refused() -> None:
    with pytest.raises(PackError, match="window must be") as caught:
        sealift.Image(resize=32, dicom={"window": "lung"})
    assert caught.value.code == "E324"
