"""The page docs/speed-nets.md from the figures of `bench.nets.speed`."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any

from sealift.front import versions

_HEAD = """# Speed of nets in the page

For those who want to know whether a net is fast enough in the page, which has no network, no graphics card and one
thread for each worker. `python -m bench.nets.speed` packs nets of usual sizes with random weights, opens each as a page
in Chromium, and answers {rows} pictures of 256 × 256 pixels, or {rows} texts of 32 words, in the page and natively in
turn; the least time of three turns counts. Times include decoding, preprocessing and the table of results. Figures of
different machines are not comparable; ratios within one run are.

Measured on {machine}, {engine} in the page.

## Pictures and texts

*Native* is `predict` of one row after the other, on one thread. *Page* is the table of many pictures with one worker,
or a file of texts. The table uses one worker for each processor, four at most; texts have one. *Ready* is the time from
opening the file to its first answer; *memory* is what all processes of the browser have for themselves. *Pack* includes
the proof in the native engine. The columns with *2* are for two workers.

| net | weights | pack | page | ready | native, a row | page, a row | ratio | rows/s | rows/s, 2 | memory | memory, 2 |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""
_VARIANTS = """
## Smaller variants

The graph by itself, without the preprocessing, for one row, in the native engine and in that of the page under Node,
each graph in turn. Whether a variant may replace the net is decided by [`sealift optimize`](how-to/optimize.md), which
compares its answers.

| net | weights as | size | native | page's engine | ratio |
|---|---|---|---|---|---|
"""


def page(measurements: Sequence[Mapping[str, Any]], rows: int) -> str:
    """The page for the figures of some nets, with seconds and bytes."""
    engine = f"onnxruntime-web {versions()['onnxruntime-web']}"
    text = _HEAD.format(rows=rows, machine=platform.machine(), engine=engine)
    text += "".join(f"| {' | '.join(_row(net))} |\n" for net in measurements) + _VARIANTS
    return text + "".join(
        f"| {' | '.join([net['name'], method, *_variant(figures)])} |\n"
        for net in measurements
        for method, figures in net["variants"].items()
    )


def _row(net: Mapping[str, Any]) -> list[str]:
    native, one, two = (net[name] for name in ("native", "page, 1", "page, 2"))
    return [
        net["name"],
        f"{net['weights'] / 1e6:.1f} M",
        f"{net['pack']:.0f} s",
        _megabytes(net["page bytes"]),
        f"{net['ready']:.1f} s",
        _milliseconds(native),
        _milliseconds(one),
        f"{one / native:.1f} ×",
        f"{1 / one:.1f}",
        f"{1 / two:.1f}",
        _megabytes(net["memory, 1"]),
        _megabytes(net["memory, 2"]),
    ]


def _variant(figures: Mapping[str, float]) -> list[str]:
    native, other = figures["native"], figures.get("webassembly")
    if other is None:
        return [_megabytes(figures["bytes"]), _milliseconds(native), "–", "–"]
    return [_megabytes(figures["bytes"]), _milliseconds(native), _milliseconds(other), f"{other / native:.1f} ×"]


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"
