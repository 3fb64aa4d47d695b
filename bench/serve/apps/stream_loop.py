"""The messages of a broker answered without a model: received, answered by fixed bytes, and acknowledged.

    python stream_loop.py deployment.toml COUNT ANSWER

Two processes do this through the same clients as the server. Prints lines of the time in seconds and the number of
messages that were answered, until there are COUNT.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import uvloop

from sealift.serve.deployment import read
from sealift.serve.stream.consumer import make_broker
from sealift.serve.stream.messages import Outgoing
from sealift.serve.stream.settings import StreamSettings
from sealift.serve.stream.state import StreamMemory, WorkerStream

WORKERS = 2
_PAUSE = 0.1
_HEADERS = {"content-type": "application/cloudevents+json; charset=utf-8"}


async def answer(settings: StreamSettings, place: int, body: bytes, state: WorkerStream) -> None:
    """Answer messages until the process is ended."""
    broker = make_broker(settings, place)
    await broker.connect()
    while True:
        messages = await broker.receive()
        if messages:
            await broker.publish(
                [Outgoing(settings.target, body, _HEADERS, f"{each.id}-answer", each.key) for each in messages]
            )
            await broker.acknowledge(messages)
            state.done(len(messages), 0)


def main() -> None:
    settings, count = read(Path(sys.argv[1])).stream, int(sys.argv[2])
    assert settings is not None
    body = Path(sys.argv[3]).read_bytes()
    memory = StreamMemory(WORKERS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    children = []
    try:
        for place in range(WORKERS):
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    runner.run(answer(settings, place, body, memory.of(place)))
            children.append(pid)
        answered = 0.0
        while answered < count:
            time.sleep(_PAUSE)
            answered = memory.answered
            print(time.perf_counter(), answered, flush=True)
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
