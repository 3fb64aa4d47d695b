"""Answers about pictures as a file in the format of COCO (https://cocodataset.org/#format-data)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from sealift.contract.outputs import output_kind

if TYPE_CHECKING:
    import numpy.typing as npt

    from sealift.contract import Contract, Output


class CocoWriter:
    """Writes one JSON object: `info`, `categories`, `annotations` and `images`. Ids are counted from 1.

    Annotations are written as they come, so that the memory does not grow with them.
    """

    def __init__(self, stream: IO[bytes], contract: Contract, info: Mapping[str, Any]) -> None:
        self._stream = stream
        self._outputs = outputs_of(contract)
        self._images: list[dict[str, Any]] = []
        self._first: dict[str, int] = {}
        self._count = 0
        categories: list[dict[str, Any]] = []
        for output in self._outputs:
            self._first[output.name] = len(categories) + 1
            for category in output_kind(output).coco_categories(output) or ():
                categories.append({"id": len(categories) + 1, "supercategory": output.name, **category})
        stream.write(b'{"info":' + _json(info) + b',"licenses":[],"categories":' + _json(categories))
        stream.write(b',"annotations":[')

    def add(self, file_name: str, size: tuple[int, int], answers: Mapping[str, npt.NDArray[Any]], row: int) -> None:
        """Write the annotations of one picture.

        Args:
            file_name: its name.
            size: its height and width.
            answers: output name → answers (N, …).
            row: the row of the picture.
        """
        image = len(self._images) + 1
        self._images.append({"id": image, "file_name": file_name, "height": size[0], "width": size[1]})
        for output in self._outputs:
            for annotation in output_kind(output).coco_annotations(output, answers[output.name][row]):
                category = self._first[output.name] + annotation.pop("category")
                self._stream.write(b"," * (self._count > 0) + b"\n")
                self._count += 1
                head = {"id": self._count, "image_id": image, "category_id": category}
                self._stream.write(_json({**head, **annotation}))

    def close(self) -> None:
        """Write the end of the object."""
        self._stream.write(b'\n],"images":' + _json(self._images) + b"}\n")


def outputs_of(contract: Contract) -> list[Output]:
    """The outputs whose answers COCO has a form for."""
    return [output for output in contract.outputs if output_kind(output).coco_categories(output) is not None]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
