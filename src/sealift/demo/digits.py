"""Handwritten digits as scanned pictures: a small net on pictures.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998;
shipped with scikit-learn. 1,797 digits of 8 × 8 pixels. They are enlarged, turned and drawn in ink on paper, and saved
as PNG and JPEG files of different sizes, as if each had been scanned.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift.demo import enter
from sealift.demo.case import Case, Trained

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

_SIDE = 16  # pixels that the net sees
_COPIES = 4  # scans of each digit for training
_SHOWN = 120
_PAPER, _INK = (196, 256), (0, 96)  # the ranges of their levels
_LARGEST_TURN = 12  # degrees

_CARD = {
    "title": "Which digit is it?",
    "description": "Recognizes a handwritten digit in the picture of a scan.",
    "when_to_use": (
        "To try Sealift. The net was trained in a few seconds to show how a net is sealed with its preprocessing. "
        "It knows one dark digit on light paper that fills the picture."
    ),
    "pitfalls": "Every picture is answered with a digit, also one that shows something else.",
    "references": (
        "Alpaydin & Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository (1998)."
    ),
    "author": "The Sealift demo",
    "license": "Apache-2.0",
}


def _train(out: Path) -> Trained:
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    import sealift
    from sealift.demo.perceptron import as_net
    from sealift.warning_filters import no_warnings

    data = load_digits()
    random = np.random.default_rng(1998)
    learned = [_scan(drawn, random) for drawn in data.images[::2] for _ in range(_COPIES)]
    classifier = MLPClassifier((128,), max_iter=30, random_state=0)
    with no_warnings():  # that the training could go on
        classifier.fit(_pixels(learned), np.repeat(data.target[::2], _COPIES))
    folder = out / "digits"
    files = _saved([_scan(drawn, random) for drawn in data.images[1 : 2 * _SHOWN : 2]], folder)
    original = _pixels([_opened(file) for file in files])
    right = classifier.score(original, data.target[1 : 2 * _SHOWN : 2])
    return Trained(
        f"a net of 128 hidden units on {len(learned):,} scans of {len(data.images[::2])} digits; it recognizes "
        f"{right:.0%} of {_SHOWN} others",
        as_net(classifier, f"float[N,1,{_SIDE},{_SIDE}] pixels", "flat = Flatten(pixels) weighted = MatMul(flat, W0)"),
        files,
        data.target[1 : 2 * _SHOWN : 2],
        folder,
        classifier.predict(original),
        classifier.predict_proba(original),
        {
            "preprocess": sealift.Image(resize=(_SIDE, _SIDE), channels="L", mean=0.5, std=0.5),
            "class_names": [*map(str, data.target_names)],
            "card": _CARD,
        },
    )


def _scan(drawn: npt.NDArray[np.float64], random: np.random.Generator) -> Image:
    """The digit (8, 8), from 0 to 16, as ink on paper."""
    import numpy as np
    from PIL import Image

    size = int(random.integers(40, 120)), int(random.integers(40, 120))
    turn = random.uniform(-_LARGEST_TURN, _LARGEST_TURN)
    mask = Image.fromarray((np.pad(drawn, 1) * (255 / 16)).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    paper, ink = (tuple(random.integers(*levels, 3).tolist()) for levels in (_PAPER, _INK))
    scan = Image.new("RGB", size, paper)
    scan.paste(ink, mask=mask.rotate(turn, Image.Resampling.BICUBIC))
    return scan


def _saved(scans: list[Image], folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for old in folder.glob("scan-*"):
        old.unlink()
    files = [folder / f"scan-{number:03}.{('png', 'jpg')[number % 2]}" for number in range(len(scans))]
    for scan, file in zip(scans, files, strict=True):
        scan.save(file)
    return files


def _opened(file: Path) -> Image:
    from PIL import Image

    with Image.open(file) as picture:
        return picture.convert("RGB")


def _pixels(scans: list[Image]) -> npt.NDArray[np.float32]:
    """What the net sees (scans, pixels): the preprocessing as it is usually written with Pillow and NumPy."""
    import numpy as np
    from PIL import Image

    small = [scan.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR) for scan in scans]
    levels: Any = np.stack([np.asarray(picture, np.float32).ravel() for picture in small])
    return (levels / np.float32(255) - np.float32(0.5)) / np.float32(0.5)  # type: ignore[no-any-return]


CASE = Case(
    name="digits",
    extras="demo,image",
    modules={"scikit-learn": "sklearn", "onnx": "onnx", "pillow": "PIL"},
    train=_train,
    class_names=[*map(str, range(10))],
    original="those of Pillow and scikit-learn",
    proved="Pillow followed by the net on all {} pictures, of every format, mode and orientation",
    close=1e-5,
    first=enter.first_picture,
    all_rows=enter.pictures,
)
