"""The memory of the workers over many requests: a sample here, and a million with `make soak`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import seals
from http_load import read_answer, request_bytes
from servers import Running, serving

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
REQUESTS = int(os.environ.get("SEALIFT_SOAK", "20000"))
CONNECTIONS, PIPELINED = 32, 8
SLACK = 8 << 20
"""Bytes by which the memory of a worker may grow: caches, and fragments of the heap."""


def resident(server: Running) -> list[int]:
    """The memory of each worker that is shared with no file, in bytes."""
    sizes = []
    for pid in server.workers():
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        sizes.append(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon")))
    return sizes


async def _send(server: Running, requests: int) -> None:
    host, _, port = server.address.rpartition(":")
    data = request_bytes("/v1/models/tiny/predict", ROW) * PIPELINED

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(requests // CONNECTIONS // PIPELINED):
            writer.write(data)
            for _ in range(PIPELINED):
                assert (await read_answer(reader)).status == 200
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))


def test_memory_stays_flat(tmp_path: Path) -> None:
    with serving(str(seals.write(tmp_path / "tiny.seal"))) as server:
        asyncio.run(_send(server, REQUESTS // 4))
        before = resident(server)
        asyncio.run(_send(server, REQUESTS))
        after = resident(server)
        print(f"{REQUESTS} requests: {before} to {after} bytes")
        assert len(before) == len(after)
        assert all(now - then < SLACK for then, now in zip(before, after, strict=True)), (before, after)
        assert server.metric("sealift_workers_replaced_total") == 0
