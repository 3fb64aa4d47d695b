"""Builds and runs what a Dockerfile defines, where there is no engine: its steps in folders that are new roots.

The base is the operating system and the Python of this machine. RUN, COPY, ENV, WORKDIR, USER and CMD are executed as
an engine does; each program runs in a mount namespace of its own. Images, layers and registries are not part of this.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dockerfile

_SYSTEM = ("bin", "lib", "lib32", "lib64", "sbin")
_PYTHON = Path(sys.base_prefix)
_PATH = f"{_PYTHON}/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NETWORK = ("ssl", "ca-certificates", "resolv.conf", "hosts", "nsswitch.conf", "pip.conf", "xdg", "ld.so.cache")
_PASSED = ("PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


def can_be_run() -> bool:
    """Whether this process may make mount namespaces."""
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return shutil.which("unshare") is not None and done.returncode == 0


@dataclass
class Stage:
    """A stage of a build, and at the end the image.

    Attributes:
        root: its root folder.
        environment, folder, user, command, health: what ENV, WORKDIR, USER, CMD and HEALTHCHECK set.
    """

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    folder: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def script(self, command: Sequence[str], binds: Mapping[Path, str], *, read_only: bool) -> list[str]:
        """The program that runs a command in this root."""
        root = shlex.quote(str(self.root))
        lines = [f"mount --bind {root} {root}", f"cd {root}"]
        for name in ("usr", "proc", "dev", "tmp", "etc", *(target.lstrip("/") for target in binds.values())):
            lines.append(f"mkdir -p ./{name}")
        lines += ["mount --bind /usr ./usr", "mount --rbind /proc ./proc", "mount --rbind /dev ./dev"]
        if str(_PYTHON) == "/usr":  # Debian has no command of the name python
            lines += ["mount -t tmpfs -o mode=755 none ./usr/local", "mkdir ./usr/local/bin"]
            lines.append("ln -s /usr/bin/python3 ./usr/local/bin/python")
        else:
            lines += [f"mkdir -p .{_PYTHON}", f"mount --bind {_PYTHON} .{_PYTHON}"]
        if read_only:
            lines += ["mount -o remount,bind,ro .", "mount -t tmpfs -o mode=1777 none ./tmp"]
        lines += [f"mount --bind {shlex.quote(str(source))} .{target}" for source, target in binds.items()]
        user, _, group = self.user.partition(":")
        privileges = "" if user == "0" else "--no-new-privs --bounding-set=-all "
        inner = f"cd {shlex.quote(self.folder)} && exec {shlex.join(command)}"
        lines.append(
            f"exec /usr/sbin/chroot . /usr/bin/setpriv --reuid={user} --regid={group} --clear-groups {privileges}"
            f"/bin/sh -c {shlex.quote(inner)}"
        )
        return ["unshare", "--mount", "sh", "-euc", "\n".join(lines)]

    def run(self, command: Sequence[str], binds: Mapping[Path, str]) -> None:
        """Run a command of the build."""
        environment = {**{key: os.environ[key] for key in _PASSED if key in os.environ}, **self.environment}
        done = subprocess.run(
            self.script(command, binds, read_only=False),
            env={**environment, "PIP_FIND_LINKS": "/wheels"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def start(self, binds: Mapping[Path, str], command: Sequence[str] | None = None) -> subprocess.Popen[str]:
        """Start the command of the image, with a read-only file system but for /tmp and `binds`."""
        return subprocess.Popen(
            self.script(command or self.command, binds, read_only=True),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def build(context: Path, work: Path, wheels: Path) -> Stage:
    """Build a Dockerfile; the last stage is the image. `wheels` is another source of packages."""
    stages: list[tuple[str, Stage]] = []
    for line in dockerfile.parse_file(str(context / "Dockerfile")):
        value = list(line.value)
        if line.cmd == "FROM":
            root = work / f"stage-{len(stages)}"
            _base(root)
            stages.append((value[2] if len(value) == 3 else "", Stage(root)))
        if not stages:
            continue
        stage = stages[-1][1]
        if line.cmd == "RUN":
            stage.run(value, {wheels: "/wheels"})
        elif line.cmd == "COPY":
            of_stage = {flag.partition("=")[2] for flag in line.flags}
            source = dict(stages)[of_stage.pop()].root / value[0].lstrip("/") if of_stage else context / value[0]
            target = stage.root / value[1].lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target)
        elif line.cmd == "ENV":
            step = 3 if value[2:3] == ["="] else 2  # BuildKit's parser also returns the sign
            for key, text in zip(value[::step], value[1::step], strict=True):
                stage.environment[key] = text.replace("$PATH", stage.environment["PATH"])
        elif line.cmd == "WORKDIR":
            stage.folder = value[0]
            (stage.root / value[0].lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif line.cmd == "USER":
            stage.user = value[0]
        elif line.cmd == "CMD":
            stage.command = value
        elif line.cmd == "HEALTHCHECK":
            stage.health = json.loads(line.original.partition(" CMD ")[2])
    return stages[-1][1]


def _base(root: Path) -> None:
    """The base image: links of the system, and the settings of its network."""
    (root / "etc").mkdir(parents=True)
    for name in _SYSTEM:
        if Path("/", name).is_symlink():
            (root / name).symlink_to(Path("/", name).readlink())
    for name in _NETWORK:
        source = Path("/etc", name)
        if source.is_dir():
            shutil.copytree(source, root / "etc" / name, symlinks=True, ignore_dangling_symlinks=True)
        elif source.exists():
            shutil.copy2(source, root / "etc" / name)
