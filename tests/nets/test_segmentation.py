"""A small U-Net, a net like SegFormer and one for landmarks, of PyTorch on pictures: compared with torch and Pillow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

import keypoint_seals  # noqa: E402
import mask_seals  # noqa: E402
import sealift  # noqa: E402
from sealift.runtime.engines.wasm import ENGINE  # noqa: E402

SIDE = 64
SIZES = ((64, 48), (45, 60), (100, 70), (64, 64), (33, 90))
PREPROCESS = sealift.Image(resize=(SIDE, SIDE), filter="bilinear", library="pillow", mean=0.5, std=0.5)


class UNet(nn.Module):  # type: ignore[misc]  # torch may not be installed
    """Two levels with connections around the lower one (Ronneberger et al., 2015), for `classes` classes."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.deep = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.last = nn.Sequential(nn.Conv2d(16, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, classes, 1))

    def forward(self, x: Any) -> Any:
        first = self.down(x)
        return self.last(torch.cat([first, self.up(self.deep(first))], 1))


class Strided(nn.Module):  # type: ignore[misc]
    """Logits at a quarter of the size, as of SegFormer."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 12, 7, 4, 3), nn.ReLU(), nn.Conv2d(12, classes, 1))

    def forward(self, x: Any) -> Any:
        return self.body(x)


def tensor(picture: npt.NDArray[np.uint8]) -> Any:
    """The net's input, as users of Pillow and torch compute it."""
    small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    levels = np.asarray(small, np.float32).transpose(2, 0, 1) / 255
    return torch.from_numpy((levels - 0.5) / 0.5)[None]


def truth(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Dark, middle and bright pixels."""
    return np.digitize(picture[..., 0], [80, 200]).astype(np.int64)


def trained(net: Any, pictures: list[npt.NDArray[np.uint8]], steps: int = 60) -> Any:
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    given = torch.cat([tensor(picture) for picture in pictures])
    small = [Image.fromarray(truth(each).astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.NEAREST)
             for each in pictures]  # fmt: skip
    wanted = torch.from_numpy(np.stack([np.asarray(each, np.int64) for each in small]))
    for _ in range(steps):
        optimizer.zero_grad()
        logits = net(given)
        logits = functional.interpolate(logits, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        functional.cross_entropy(logits, wanted).backward()
        optimizer.step()
    return net.eval()


def agreement(mask: npt.NDArray[np.int16], classes: npt.NDArray[np.int64]) -> float:
    """The share of pixels that have the class of the cell with their centre; on an edge, of a cell at that edge."""
    equal = np.zeros(mask.shape, bool)
    for edge_y in (-1e-9, 1e-9):
        for edge_x in (-1e-9, 1e-9):
            rows, columns = (
                ((np.arange(pixels) + 0.5) * cells / pixels + edge).astype(int)
                for pixels, cells, edge in zip(mask.shape, classes.shape, (edge_y, edge_x), strict=True)
            )
            equal |= mask == classes[rows][:, columns]
    return float(equal.mean())


@pytest.mark.parametrize("kind", [UNet, Strided])
def test_masks_are_those_of_torch(tmp_path: Path, kind: type) -> None:
    torch.manual_seed(0)
    pictures = [mask_seals.scan(*size, seed=i) for i, size in enumerate(SIZES * 2)]
    net = trained(kind(3), pictures)
    packed = sealift.pack(
        net, pictures, [truth(each) for each in pictures], name="net", output=tmp_path / "net.seal",
        preprocess=PREPROCESS, outputs=sealift.Mask(["dark", "middle", "bright"]),
    )  # fmt: skip
    sealed = packed.load()
    masks = sealift.masks(sealed.predict(pictures)["mask"])
    at_original = 0.0
    for picture, mask in zip(pictures, masks, strict=True):
        height, width = picture.shape[:2]
        with torch.no_grad():
            logits = net(tensor(picture))
        shown = functional.interpolate(logits, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        assert agreement(mask, shown.argmax(1)[0].numpy()) > 0.999  # ties of float32
        # As SegFormer's post-processing: the logits are resized to the picture at once.
        whole = functional.interpolate(logits, size=(height, width), mode="bilinear", align_corners=False)
        at_original += (mask == whole.argmax(1)[0].numpy()).mean() / len(pictures)
    assert at_original > 0.97
    evidence = json.loads(bytes(sealed.seal.members["evidence.json"]))
    assert evidence["metrics"]["mean_iou"] > 0.6
    sets = evidence["parity"]["outputs"]["mask"]["sets"]
    assert sets["different"] <= 1e-4 * sets["compared"]
    if ENGINE.unavailable() is None:
        assert evidence["parity"]["engines"][ENGINE.key] == ENGINE.version()


def test_a_threshold(tmp_path: Path) -> None:
    torch.manual_seed(1)
    pictures = [mask_seals.scan(*size, seed=i) for i, size in enumerate(SIZES * 2)]
    net = UNet(1).eval()
    with torch.no_grad():
        levels = torch.sigmoid(torch.cat([net(tensor(picture)) for picture in pictures]))
    ordered = np.unique(levels.numpy())[len(np.unique(levels)) // 4 : -(len(np.unique(levels)) // 4)]
    widest = int(np.diff(ordered).argmax())
    limit = float(ordered[widest : widest + 2].mean())  # no pixel is at the threshold
    packed = sealift.pack(
        net, pictures, name="net", output=tmp_path / "net.seal", preprocess=PREPROCESS,
        outputs=sealift.Mask(["other", "vessel"], threshold=limit), proof=sealift.ProofOptions(engines=("native",)),
    )  # fmt: skip
    masks = sealift.masks(packed.load().predict(pictures)["mask"])
    for picture, mask, level in zip(pictures, masks, levels.numpy(), strict=True):
        assert mask.shape == picture.shape[:2]
        assert agreement(mask, (level[0] > limit).astype(np.int64)) > 0.999


def test_landmarks(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 2, 5, 2, 2), nn.Upsample(scale_factor=0.5, mode="bilinear"))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1, -0.5, -1], [-1, -0.5, 1]])[:, :, None, None] * torch.full((5, 5), 0.04))
        net[0].bias.zero_()
    faces = [
        (2 * width, 2 * height, (2 * red[0], 2 * red[1]), (2 * blue[0], 2 * blue[1]))
        for width, height, red, blue in keypoint_seals.FACES
    ]
    pictures = [keypoint_seals.face(*face) for face in faces]
    packed = sealift.pack(
        net.eval(), pictures, name="net", output=tmp_path / "net.seal", preprocess=PREPROCESS,
        outputs=sealift.Keypoints(list(keypoint_seals.NAMES)), proof=sealift.ProofOptions(engines=("native",)),
    )  # fmt: skip
    every_picture = packed.load().predict(pictures)["keypoints"]
    for (width, height, *places), points, picture in zip(faces, every_picture, pictures, strict=True):
        with torch.no_grad():
            heat = net(tensor(picture))[0].numpy()
        np.testing.assert_allclose(points[:, 2], heat.max(axis=(1, 2)), rtol=1e-4)
        cell = max(width, height) / 16  # of the heat maps, in pixels of the picture
        assert np.abs(points[:, :2] - np.array(places)).max() < 1.5 * cell
