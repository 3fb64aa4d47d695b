"""Writes the dictionary of DICOM elements of the page: `python tools/dicom_dictionary.py PROFILE`.

PROFILE is a Python file with the list `ALL_TAGS` of the tags of the Basic Application Level Confidentiality Profile
(PS3.15 Table E.1-1), as in the package dicom-anonymizer. The file in the repository was made with
`dicomfields_2026c.py` of its version 2.1.0, and with the names of pydicom 3.0.2.

Each line has a tag, `x` if the profile removes or replaces it or `-` if it does not, the value representation, and the
name. Elements that are retired or that files of images rarely have are left out, unless they are of the profile.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from pydicom._dicom_dict import DicomDictionary

OUT = Path(__file__).parents[1] / "web/app/src/stages/image/codecs/dictionary.txt"
_GROUPS = frozenset({0x0002, 0x0008, 0x0010, 0x0012, 0x0018, 0x0020, 0x0028, 0x0032, 0x0038, 0x0040, 0x0054, 0x2050})


def main(profile: str) -> None:
    """Write the file."""
    tags = runpy.run_path(profile)["ALL_TAGS"]
    identifying = {(tag[0] << 16) | tag[1] for tag in tags if len(tag) == 2}
    lines = []
    for tag, (kind, _, name, retired, _) in sorted(DicomDictionary.items()):
        if tag in identifying or (tag >> 16 in _GROUPS and not retired):
            lines.append(f"{tag:08x} {'x' if tag in identifying else '-'} {kind[:2]} {name}")
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
