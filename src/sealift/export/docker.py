"""An image of Docker: not root, a read-only file system, and packages from the package index only."""

from __future__ import annotations

import json

from sealift.export import container, yaml_writer
from sealift.export.bundle import CONTAINER, Bundle
from sealift.export.export_files import ExportFiles
from sealift.export.options import ExportOptions
from sealift.export.requirements import requirements


def plan(bundle: Bundle, options: ExportOptions) -> ExportFiles:
    """The files of an image. Raises ServeError E711 where the server would be open without permission."""
    texts: dict[str, str | bytes] = {
        "Dockerfile": dockerfile(bundle, options),
        ".dockerignore": "*\n!config\n!models\n!requirements.txt\n",
        "requirements.txt": requirements(bundle.extras()),
        "config/deployment.toml": container.settings(bundle, options),
        "models/SHA256SUMS": bundle.checksums(),
        "compose.yaml": _compose(bundle, options),
        **{f"config/{name}": contents for name, contents in bundle.public.items()},
    }
    copies = {f"models/{model.file}": model.source for model in bundle.models}
    notes = [*container.notes(bundle), f"Build it with: docker build -t {container.image(bundle, options)} FOLDER"]
    return ExportFiles(texts, copies, tuple(notes))


def dockerfile(bundle: Bundle, options: ExportOptions) -> str:
    """The definition of the image."""
    verified = ""
    for model in bundle.models:
        command = ["/opt/sealift/bin/sealift", "verify", f"{CONTAINER.models}/{model.file}"]
        command += ["--key", f"/build/config/{model.key}"] if model.key else []
        verified += f"RUN {json.dumps(command)}\n"
    ports = [bundle.port, *([bundle.deployment.grpc] if bundle.deployment.grpc else [])]
    return f"""\
# {bundle.name}: written by `sealift export docker`.
# Pin the base to a digest where builds must be reproducible: --build-arg BASE=python@sha256:...
ARG BASE={options.base}

FROM ${{BASE}} AS build
# Another package index: --build-arg PIP_INDEX_URL=https://...
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore ORT_DISABLE_TELEMETRY=1
RUN ["python", "-m", "venv", "/opt/sealift"]
COPY requirements.txt /build/requirements.txt
RUN ["/opt/sealift/bin/pip", "install", "--only-binary", ":all:", "--requirement", "/build/requirements.txt"]
# Nothing is installed later.
RUN ["/opt/sealift/bin/pip", "uninstall", "--yes", "pip"]
COPY config /build/config
COPY models {CONTAINER.models}
WORKDIR {CONTAINER.models}
RUN ["sha256sum", "--check", "--strict", "SHA256SUMS"]
{verified}
FROM ${{BASE}}
ENV PATH=/opt/sealift/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 ORT_DISABLE_TELEMETRY=1
RUN ["install", "--directory", "--owner={container.USER}", "--group={container.USER}", "{CONTAINER.data}"]
COPY --from=build /opt/sealift /opt/sealift
COPY --from=build {CONTAINER.models} {CONTAINER.models}
COPY config {CONTAINER.config}
WORKDIR {CONTAINER.data}
VOLUME ["{CONTAINER.data}"]
USER {container.USER}:{container.USER}
EXPOSE {" ".join(map(str, ports))}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD {json.dumps(probe(bundle))}
CMD {json.dumps(list(container.COMMAND))}
"""


def probe(bundle: Bundle) -> list[str]:
    """A command that fails while the server is not ready. It needs nothing but Python."""
    connection = f"http.client.HTTPConnection('127.0.0.1', {bundle.port}, timeout=4)"
    imported = "import http.client, sys"
    if bundle.scheme == "https":  # the certificate is for the public name of the server, not for this address
        connection = (
            f"http.client.HTTPSConnection('127.0.0.1', {bundle.port}, timeout=4, "
            "context=ssl._create_unverified_context())"
        )
        imported += ", ssl"
    program = (
        f"{imported}; c = {connection}; c.request('GET', '/v2/health/ready'); sys.exit(c.getresponse().status != 200)"
    )
    return ["python", "-I", "-c", program]


def _compose(bundle: Bundle, options: ExportOptions) -> str:
    port = bundle.port
    grpc = bundle.deployment.grpc
    service: dict[str, yaml_writer.Yaml] = {
        "image": container.image(bundle, options),
        "build": ".",
        # Only programs of this computer reach the server. Put a proxy in front of it for others.
        "ports": [f"127.0.0.1:{number}:{number}" for number in (port, grpc) if number],
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108
        "volumes": [f"data:{CONTAINER.data}"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "stop_grace_period": f"{container.STOP}s",
        "restart": "unless-stopped",
    }
    document: dict[str, yaml_writer.Yaml] = {"services": {bundle.name: service}, "volumes": {"data": {}}}
    if bundle.password:
        service["environment"] = [bundle.password]
    if bundle.secrets:
        service["secrets"] = [
            {"source": name, "target": f"{CONTAINER.secrets}/{name}"} for name in bundle.secrets
        ]  # fmt: skip
        document["secrets"] = {name: {"file": f"./secrets/{name}"} for name in bundle.secrets}
    return yaml_writer.dumps(document)
