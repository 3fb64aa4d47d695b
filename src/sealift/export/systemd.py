"""A unit of systemd: a user of its own, a read-only system, and no more permissions than the server needs."""

from __future__ import annotations

from sealift.export import container
from sealift.export.bundle import Bundle, Layout
from sealift.export.export_files import ExportFiles
from sealift.export.options import ExportOptions
from sealift.export.requirements import requirements
from sealift.serve.addresses import check_exposure
from sealift.serve.loopback import is_loopback


def plan(bundle: Bundle, options: ExportOptions) -> ExportFiles:
    """The files of a server under systemd. Raises ServeError E711."""
    unit = f"sealift-{bundle.name}"
    folder = f"/etc/sealift/{bundle.name}"
    layout = Layout(f"{folder}/models", folder, f"/var/lib/{unit}", f"/run/credentials/{unit}.service")
    if not options.open:
        check_exposure(bundle.deployment)
    texts: dict[str, str | bytes] = {
        f"{unit}.service": service(bundle, options, unit, folder),
        "deployment.toml": bundle.settings(layout, permit=options.open),
        "models/SHA256SUMS": bundle.checksums(),
        "requirements.txt": requirements(bundle.extras()),
        **bundle.public,
    }
    copies = {f"models/{model.file}": model.source for model in bundle.models}
    program = options.executable.rsplit("/", 1)[0]
    notes = [
        f"Install the server: python3 -m venv {program.rsplit('/', 1)[0]} && "
        f"{program}/pip install -r FOLDER/requirements.txt",
        f"Install the files: mkdir -p /etc/sealift && cp -r FOLDER {folder} && "
        f"cp {folder}/{unit}.service /etc/systemd/system",
        *(f"Copy {source.name} to {folder}/{name}, with mode 0600." for name, source in bundle.secrets.items()),
    ]
    if bundle.password:
        notes.append(f"Write {bundle.password}=... to {folder}/environment, with mode 0600.")
    notes.append(f"Start it: systemctl daemon-reload && systemctl enable --now {unit}")
    return ExportFiles(texts, copies, tuple(notes))


def service(bundle: Bundle, options: ExportOptions, unit: str, folder: str) -> str:
    """The unit."""
    lines = {
        "Unit": [
            f"Description=Sealift: {bundle.name}",
            "Wants=network-online.target",
            "After=network-online.target",
        ],
        "Service": [
            "Type=notify",
            "NotifyAccess=main",
            f"ExecStart={options.executable} serve {folder}/deployment.toml",
            *(f"LoadCredential={name}:{folder}/{name}" for name in bundle.secrets),
            *([f"EnvironmentFile={folder}/environment"] if bundle.password else []),
            "Environment=PYTHONDONTWRITEBYTECODE=1 ORT_DISABLE_TELEMETRY=1",
            f"Environment=XDG_RUNTIME_DIR=/run/{unit}",
            "Restart=on-failure",
            "RestartSec=2",
            "TimeoutStartSec=10min",
            f"TimeoutStopSec={container.STOP}",
            "WatchdogSec=10min",
            "# The server ends its workers itself, when they have answered.",
            "KillMode=mixed",
            "LimitNOFILE=65536",
            "",
            "DynamicUser=yes",
            f"StateDirectory={unit}",
            "StateDirectoryMode=0700",
            f"RuntimeDirectory={unit}",
            "RuntimeDirectoryMode=0700",
            "UMask=0077",
            *_HARDENED,
            *_network(bundle),
        ],
        "Install": ["WantedBy=multi-user.target"],
    }
    if bundle.port < 1024 or (bundle.deployment.grpc or 1024) < 1024:
        lines["Service"] += ["AmbientCapabilities=CAP_NET_BIND_SERVICE", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE"]
    else:
        lines["Service"] += ["CapabilityBoundingSet=", "PrivateUsers=yes"]
    return "\n".join("\n".join([f"[{name}]", *part, ""]) for name, part in lines.items())


_HARDENED = (
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectControlGroups=yes",
    "ProtectProc=invisible",
    "LockPersonality=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RemoveIPC=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged",
    "SystemCallErrorNumber=EPERM",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
)
# ProcSubset stays `all`, because ONNX Runtime reads /proc/cpuinfo.


def _network(bundle: Bundle) -> list[str]:
    """Where the server only serves this computer, it reaches nothing else either."""
    if bundle.outgoing:
        return []
    if is_loopback(bundle.deployment.host) and (bundle.database is None or is_loopback(bundle.database[0])):
        return ["IPAddressDeny=any", "IPAddressAllow=localhost"]
    return []
