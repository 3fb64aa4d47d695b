"""What all targets need of a deployment: its models with their digests, its other files, and its settings."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sealift import files
from sealift.export import toml_writer
from sealift.export.options import ExportOptions, name_of
from sealift.serve.addresses import check_exposure
from sealift.serve.deployment import Deployment, ModelSpec, read
from sealift.serve.opening import open_deployment
from sealift.serve.traffic.state import Traffic

_LONGEST = 1 << 20
_PIECE = 1 << 20
# The files that a server writes: table, key, and the name of the file in the folder of data.
_WRITTEN = (("server", "state", "state"), ("records", "spill", "records-waiting"), ("access", "audit", "audit.jsonl"))
# Files that it only reads and that must stay private.
_READ = {("access", "keys"), ("records", "key_file"), ("receipts", "key"), ("tls", "certificate"), ("tls", "key")}


@dataclass(frozen=True)
class Layout:
    """The folders of a server where it runs.

    Attributes:
        models: the sealed files.
        config: the deployment file and the public keys.
        data: the files that the server writes.
        secrets: the files that are not part of an export.
    """

    models: str
    config: str
    data: str
    secrets: str


CONTAINER = Layout("/srv/sealift/models", "/etc/sealift", "/var/lib/sealift", "/run/secrets/sealift")


@dataclass(frozen=True)
class ModelFile:
    """A sealed file of a deployment.

    Attributes:
        source: where it is.
        file: its name in the export.
        name, version, identity: of the model in it.
        sha256: the digest of the file.
        size: its bytes.
        key: the name of the public key that signed it, in the export; empty without one.
    """

    source: Path
    file: str
    name: str
    version: str
    identity: str
    sha256: str
    size: int
    key: str


@dataclass(frozen=True)
class Bundle:
    """A deployment, opened and tested on this machine.

    Attributes:
        name: the name of the server.
        deployment: its settings.
        models: its sealed files; one that serves several models is there once.
        public: the public keys by their names in the export.
        secrets: files that must not be part of an export, by the names that they must have where the server runs.
        password: the environment variable that must hold a password which the deployment file had; empty without one.
    """

    name: str
    deployment: Deployment
    models: tuple[ModelFile, ...]
    public: Mapping[str, bytes]
    secrets: Mapping[str, Path]
    password: str
    _raw: Mapping[str, Any]

    @property
    def port(self) -> int:
        """The port of HTTP."""
        return self.deployment.port or 8080

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "https" if "tls" in self._raw else "http"

    @property
    def size(self) -> int:
        """The bytes of all models."""
        return sum(model.size for model in self.models)

    @property
    def version(self) -> str:
        """The version of the first model, as a tag of an image."""
        kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in self.models[0].version)
        return kept.lstrip("-.")[:100] or "1"

    @property
    def database(self) -> tuple[str, int] | None:
        """The host and the port of the database server of the records; None where there is none."""
        store = self._raw.get("records", {}).get("store", "")
        parts = urlsplit(store)
        return (parts.hostname or "localhost", parts.port or 5432) if "://" in store else None

    @property
    def local_records(self) -> bool:
        """Whether the records are files of the machine on which the server runs."""
        return self.deployment.records is not None and self.database is None

    @property
    def outgoing(self) -> bool:
        """Whether the server connects to others than its database: an issuer of tokens, a collector, a broker."""
        access = self.deployment.access
        fetches = access is not None and access.oidc is not None and access.oidc.is_fetched
        return fetches or "telemetry" in self._raw or self.deployment.mode == "stream"

    def extras(self) -> list[str]:
        """The extras of Sealift that the server needs."""
        store = self._raw.get("records", {}).get("store", "")
        wanted = {
            "serve": True,
            "grpc": self.deployment.grpc is not None,
            "oidc": "oidc" in self._raw or "oidc" in self._raw.get("access", {}),
            "otel": "otel" in self._raw or "telemetry" in self._raw,
            "postgres": "://" in store,
            "stream": self.deployment.mode == "stream",
            "tables": store.endswith("/"),
        }
        return [extra for extra, needed in wanted.items() if needed]

    def settings(self, layout: Layout, *, host: str | None = None, permit: bool = False) -> str:
        """The deployment file for a machine with the folders of `layout`.

        Args:
            layout: the folders; those that are relative are relative to the deployment file.
            host: the address to listen on; by default that of the deployment.
            permit: whether the file permits an address that other computers reach, without authentication.
        """
        names = {model.source: model.file for model in self.models}
        raw = {table: dict(values) for table, values in self._raw.items() if table != "models"}
        raw.setdefault("server", {})
        if host is not None:
            raw["server"]["host"] = host
        raw["server"]["port"] = self.port
        if permit:
            raw["server"]["open"] = True
        for table, key, default in _WRITTEN:
            if table in raw:
                raw[table][key] = f"{layout.data}/{default}"
        store = raw.get("records", {}).get("store", "records.db")
        if "records" in raw and "://" not in store:
            raw["records"]["store"] = f"{layout.data}/{PurePosixPath(store).name}" + "/" * store.endswith("/")
        for (table, key), name in _secrets(raw, self._folder()).items():
            raw[table][key] = f"{layout.secrets}/{name}"
        oidc = raw.get("access", {}).get("oidc", {})
        if "jwks" in oidc:
            raw["access"]["oidc"] = {**oidc, "jwks": f"{layout.secrets}/access-oidc-jwks"}
        models = []
        for entry, spec in zip(self._raw["models"], self.deployment.models, strict=True):
            changed = {**entry, "file": f"{layout.models}/{names[spec.file.resolve()]}"}
            if spec.key is not None:
                changed["key"] = f"{layout.config}/{_public_name(self.public, spec.key)}"
            models.append(changed)
        return toml_writer.dumps({**raw, "models": models})

    def _folder(self) -> Path:
        return Path(self.deployment.source).parent

    def checksums(self) -> str:
        """The digests of the models, as `sha256sum --check` reads them."""
        return "".join(f"{model.sha256}  {model.file}\n" for model in self.models)


def collect(source: Path, options: ExportOptions) -> Bundle:
    """Read a deployment, or a sealed file, and run the examples of its models.

    Raises:
        ServeError: E709 where the deployment file is malformed, E703 where a model does not reproduce its examples,
            E810 where the server has no usable name.
        FileError, SealError, SignatureError: as `sealift.load` and `sealift.verify`.
    """
    if source.suffix == ".toml":
        deployment = read(source)
        raw = tomllib.loads(files.read(source, limit=_LONGEST).decode())
        default = source.stem
        if default == "deployment":
            default = source.absolute().parent.name
    else:
        deployment = Deployment((ModelSpec(source),), source=str(source))
        raw, default = {"models": [{"file": source.name}]}, ""
    opened = open_deployment(deployment, {})
    models: dict[Path, ModelFile] = {}
    public: dict[str, bytes] = {}
    taken: set[str] = set()
    for spec in deployment.models:
        if spec.key is not None and _public_name(public, spec.key) == "":
            public[_free(spec.key.name, taken)] = files.read(spec.key, limit=_LONGEST)
        path = spec.file.resolve()
        if path not in models:
            name = _free(path.name, taken)
            key = "" if spec.key is None else _public_name(public, spec.key)
            models[path] = ModelFile(path, name, *_served(spec, opened.traffic), *_digest(path), key)
    name = options.name or default or next(iter(models.values())).name
    raw, password = _without_password(raw)
    folder = source.parent
    secrets = {name: folder / raw[table][key] for (table, key), name in _secrets(raw, folder).items()}
    jwks = raw.get("access", {}).get("oidc", {}).get("jwks")
    if jwks is not None:
        secrets["access-oidc-jwks"] = folder / jwks
    return Bundle(name_of(name), deployment, tuple(models.values()), public, secrets, password, raw)


def permit_exposure(bundle: Bundle, options: ExportOptions, host: str) -> bool:
    """Whether the exported server needs `open = true` to listen on `host`.

    Raises:
        ServeError: E711 where it has no authentication, and neither the deployment nor the user permits that.
    """
    exposed = replace(bundle.deployment, host=host)
    check_exposure(replace(exposed, open=exposed.open or options.open))
    return options.open


def _served(spec: ModelSpec, traffic: Mapping[str, Traffic]) -> tuple[str, str, str]:
    """The name, version and identity of a model."""
    return next(
        (name, version.version, version.identity)
        for name, of_name in traffic.items()
        for version in of_name.versions.values()
        if Path(version.file) == spec.file.absolute()
    )


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _free(name: str, taken: set[str]) -> str:
    """A name that no other file of the export has, and that no shell or manifest reads differently."""
    path = PurePosixPath("".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name).lstrip("-."))
    stem, suffix = path.stem or "file", path.suffix
    free, number = f"{stem}{suffix}", 2
    while free in taken:
        free, number = f"{stem}-{number}{suffix}", number + 1
    taken.add(free)
    return free


def _public_name(public: Mapping[str, bytes], key: Path) -> str:
    """The name of a public key in the export; empty where it is not there yet."""
    contents = files.read(key, limit=_LONGEST)
    return next((name for name, held in public.items() if held == contents), "")


def _secrets(raw: Mapping[str, Any], folder: Path) -> dict[tuple[str, str], str]:
    """The settings that name a file which the server only reads, and the name that it has where the server runs.

    A setting that is not known here and names an existing file is one of them, so that no key is copied by mistake.
    """
    written = {(table, key) for table, key, _ in _WRITTEN} | {("records", "store")}
    return {
        (table, key): f"{table}-{key}"
        for table, values in raw.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if isinstance(value, str) and (table, key) not in written
        if (table, key) in _READ or (value and _is_file(folder / value))
    }


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a value that cannot be a path
        return False


def _without_password(raw: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The settings without the password of the database, and the variable that has to hold it."""
    tables = {table: dict(values) if isinstance(values, dict) else values for table, values in raw.items()}
    store = tables.get("records", {}).get("store", "")
    parts = urlsplit(store) if "://" in store else None
    if parts is None or parts.password is None:
        return tables, ""
    user = f"{parts.username}@" if parts.username else ""
    location = parts.netloc.rpartition("@")[2]
    tables["records"]["store"] = urlunsplit(parts._replace(netloc=f"{user}{location}"))
    return tables, "PGPASSWORD"
