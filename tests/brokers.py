"""Brokers for tests, from Debian's packages (`tools/setup.sh brokers`): each in a folder, on a free port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/rabbitmq/bin"])


class Server:
    """A broker that was started; it keeps its messages in its folder.

    Attributes:
        user, password: empty where everybody may use it.
        ca: the authority of its certificate; None without encryption.
    """

    user = ""
    password = ""
    ca: Path | None = None

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("aio_pika", reason="the clients are not installed: pip install 'sealift[stream]'")
        folder.mkdir(parents=True)
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                cwd=self.folder,
            )
        wait_for_port(self.port, self.folder / "log")

    def kill(self) -> None:
        """End it without a chance to save anything."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def context(self) -> ssl.SSLContext | None:
        """What a client needs; None without encryption."""
        return None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return dict(os.environ)


class Nats(Server):
    def command(self) -> Sequence[str]:
        store = str(self.folder / "data")
        return [program("nats-server"), "-js", "-sd", store, "-a", "127.0.0.1", "-p", str(self.port)]


class Redis(Server):
    def command(self) -> Sequence[str]:
        options = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder), "save": "",
                   "appendonly": "yes", "appendfsync": "always"}  # fmt: skip
        return [program("redis-server"), *(part for key, value in options.items() for part in (f"--{key}", value))]


class Mosquitto(Server):
    def command(self) -> Sequence[str]:
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nuser root\nmax_queued_messages 0\n"
        )
        return [program("mosquitto"), "-c", str(config)]

    def kill(self) -> None:
        self.stop()  # it saves its messages when it ends, and otherwise only now and then


class RabbitMq(Server):
    def start(self) -> None:
        if self.process is None:
            self._ports = free_port(), free_port()
            # The daemon of Erlang's nodes, which RabbitMQ would otherwise start and leave behind.
            self._daemon = subprocess.Popen(
                [program("epmd"), "-port", str(self._ports[0]), "-address", "127.0.0.1"], stderr=subprocess.DEVNULL
            )
        super().start()

    def command(self) -> Sequence[str]:
        (self.folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        (self.folder / "plugins").write_text("[].\n")
        return [program("rabbitmq-server")]

    def environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "HOME": str(self.folder),
            "PATH": _PATH,
            "ERL_EPMD_PORT": str(self._ports[0]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(self._ports[1]),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_NODENAME": f"sealift{self.port}@localhost",
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def kill(self) -> None:
        assert self.process is not None
        for pid in [*descendants(self.process.pid), self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.kill()
        self._daemon.kill()
        self._daemon.wait()


class KafkaMock(Server):
    """librdkafka's mock of a Kafka cluster; its messages are in memory. `kill` and `start` let the broker be gone."""

    def start(self) -> None:
        if self.process is not None:
            self._tell(b"up")
            return
        pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed: it is of the group dev")
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), "kafka"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(b":")[2])

    def kill(self) -> None:
        self._tell(b"down")

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def _tell(self, word: bytes) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(word + b"\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == word


def program(name: str) -> str:
    """The path of a program; the test is skipped where there is none."""
    path = shutil.which(name, path="/usr/lib/rabbitmq/bin" if name.startswith("rabbit") else _PATH)
    if path is None:
        pytest.skip(f"{name} is not installed: tools/setup.sh brokers")
    return path


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_for_port(port: int, log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())


def descendants(pid: int) -> list[int]:
    """The processes that a process and its children started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [each for child in map(int, children) for each in (*descendants(child), child)]


def _mock_kafka() -> None:
    """Print the address of a mock cluster; `down` and `up` on stdin let its broker be gone and back."""
    import ctypes

    import confluent_kafka

    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(folder.glob("librdkafka*"))))
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    error = ctypes.create_string_buffer(512)
    handle = ctypes.c_void_p(
        library.rd_kafka_new(0, ctypes.c_void_p(library.rd_kafka_conf_new()), error, ctypes.c_size_t(512))
    )
    cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(handle, 1))
    print(library.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
    for line in sys.stdin:
        word = line.strip()
        (library.rd_kafka_mock_broker_set_down if word == "down" else library.rd_kafka_mock_broker_set_up)(cluster, 1)
        print(word, flush=True)


if __name__ == "__main__":
    _mock_kafka()
