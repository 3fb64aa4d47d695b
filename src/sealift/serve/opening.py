"""A deployment's models: opened, checked, and ready to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sealift.errors import ServeError
from sealift.runtime import SealedModel, load
from sealift.seal.signature import load_public_key, verify_key
from sealift.serve.deployment import Deployment, ModelSpec
from sealift.serve.joining import Batching, most_joined, parallel
from sealift.serve.plane import ModelRoute, Plane
from sealift.serve.scaling.settings import WorkerRange
from sealift.serve.served import ServedModel
from sealift.serve.traffic.split import Split
from sealift.serve.traffic.state import Traffic, Version
from sealift.serve.traffic.watching import Watch

THREADS = 1
"""The threads of a graph: each worker computes with one, and the workers share the processors."""


@dataclass
class JoiningSettings:
    """How rows of different requests are joined.

    Attributes:
        parallel: the number of threads of a worker that compute at the same time.
        modes: the setting of each model by its name.
    """

    parallel: int = 1
    modes: dict[str, Batching] = field(default_factory=dict)

    def apply(self, served: ServedModel) -> None:
        """Measure a version that is prepared, and let it join rows where that helps."""
        served.join(most_joined(served.model, self.modes.get(served.name, "auto")), self.parallel)


@dataclass
class Opened:
    """The models of a server at its start.

    Attributes:
        plane: the models, prepared.
        traffic: the state of each model by its name.
        bases: for each model of the deployment, the identities of its files.
        keys: for models whose files must be signed, the file of the public key.
        idle: for models that are unloaded when they have no requests, the seconds after which they are.
        watches: for models with a watched folder, the folder.
        joining: how rows of different requests are joined.
    """

    plane: Plane = field(default_factory=Plane)
    traffic: dict[str, Traffic] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)
    keys: dict[str, Path] = field(default_factory=dict)
    idle: dict[str, float] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict)
    joining: JoiningSettings = field(default_factory=JoiningSettings)


def open_models(deployment: Deployment) -> Plane:
    """Load the models of a deployment and run their examples.

    Raises:
        ServeError: E703 when a model does not reproduce its examples, E709 when two files have the same version of a
            model.
        FileError, SealError, SignatureError, ContractError: as `sealift.load` and `sealift.verify`.
    """
    return open_deployment(deployment, {}).plane


def open_deployment(deployment: Deployment, saved: Mapping[str, tuple[Traffic, list[str]]]) -> Opened:
    """Load the models of a deployment, or those that a former run of it left in its place.

    Args:
        deployment: the deployment.
        saved: the state of a former run: for each model its traffic, and the identities that the deployment had then.
            Where the deployment has other files now, they take precedence.

    Raises:
        As `open_models`; ServeError: E745 where a file of the former run is missing or has other contents.
    """
    opened = Opened(joining=JoiningSettings(parallel(WorkerRange.of(deployment.workers).most)))
    models: dict[str, list[tuple[ModelSpec, ServedModel]]] = {}
    for spec in deployment.models:
        served = _open(Path(spec.file), spec.name, spec.key)
        models.setdefault(served.name, []).append((spec, served))
    for name, entries in models.items():
        bases = [served.identity for _, served in entries]
        opened.bases[name] = bases
        key = entries[0][0].key
        if key is not None:
            opened.keys[name] = key
        for spec, served in entries:
            if spec.watch is not None:
                _check_watch(spec.watch)
                opened.watches[name] = replace(spec.watch, inside=served.model.name)
        opened.joining.modes[name] = entries[-1][0].batching
        idle = [spec.idle for spec, _ in entries if spec.idle is not None]
        if idle:
            opened.idle[name] = max(idle)
        traffic, former = saved.get(name, (None, None))
        if traffic is None or former != bases:
            traffic = _traffic(deployment, name, entries)
            versions = {served.version: served for _, served in entries}
        else:
            versions = _reopened(traffic, [served for _, served in entries], key)
        _serve(opened, traffic, versions)
    for name, (traffic, former) in saved.items():
        if name not in models and not former:
            _serve(opened, traffic, _reopened(traffic, [], None))
    return opened


def open_version(name: str, version: Version, key: Path | None) -> ServedModel:
    """Load a version and run its examples.

    Raises:
        ServeError: E703; E745 where the file is missing or has other contents.
        FileError, SealError, SignatureError, ContractError: as `sealift.load` and `sealift.verify`.
    """
    served = _open(Path(version.file), name, key)
    if served.identity != version.identity:
        raise ServeError(
            "E745",
            f"The file of version {version.version!r:.80} has other contents than when it was deployed.",
            where=version.file,
            fix="Deploy the version again.",
        )
    served.prepare()
    return served


def route_of(traffic: Traffic, versions: Mapping[str, ServedModel]) -> ModelRoute:
    """The route of a model."""
    used = {name: versions[name] for name in traffic.versions}
    shadows = [(traffic.versions[name], versions[name].series) for name in traffic.shadows]
    return ModelRoute(traffic.name, used, Split(traffic.weights, traffic.sticky), shadows)


def _open(file: Path, name: str | None, key: Path | None) -> ServedModel:
    model = load_signed(file, key)
    return ServedModel(name or model.name, model, partial(load_signed, file, key))


def _check_watch(watch: Watch) -> None:
    if not watch.folder.is_dir():
        raise ServeError(
            "E804", "The watched folder does not exist.", where=str(watch.folder), fix="Create it, or correct the path."
        )


def load_signed(file: Path, key: Path | None) -> SealedModel:
    """Load a sealed file and check its signature. Raises as `sealift.load` and `sealift.verify`."""
    model = load(file, threads=THREADS)
    if key is not None:
        verify_key(model.seal, load_public_key(key))
    return model


def _traffic(deployment: Deployment, name: str, entries: list[tuple[ModelSpec, ServedModel]]) -> Traffic:
    """The state of a model as the deployment file describes it."""
    versions: dict[str, Version] = {}
    weights: dict[str, float] = {}
    shadows: list[str] = []
    for spec, served in entries:
        where = deployment.source or str(spec.file)
        if served.version in versions:
            raise ServeError(
                "E709",
                f"Two files are version {served.version!r:.80} of the model {name!r:.80}.",
                where=where,
                fix="Give one of them another name, or pack one again with another version.",
            )
        versions[served.version] = Version(served.version, served.identity, str(spec.file.absolute()))
        if spec.shadow:
            shadows.append(served.version)
        elif spec.weight is not None or len([each for each, _ in entries if not each.shadow]) == 1:
            weights[served.version] = 100.0 if spec.weight is None else spec.weight
        else:
            raise ServeError(
                "E709",
                f"Two files have the name {name!r:.80}, and not all have a weight.",
                where=where,
                fix="Give one of them another name, or each a weight in percent.",
            )
    if abs(sum(weights.values()) - 100.0) > 1e-9:
        raise ServeError(
            "E709",
            f"The weights of the model {name!r:.80} add up to {sum(weights.values()):g} and not to 100.",
            where=deployment.source,
            fix="Correct the weights, which are in percent.",
        )
    headers = dict.fromkeys(spec.sticky.lower() for spec, _ in entries if spec.sticky)
    if len(headers) > 1:
        raise ServeError(
            "E709",
            f"The versions of the model {name!r:.80} have different headers: sticky is {' and '.join(headers)}.",
            where=deployment.source,
            fix="Use one header for all versions of a model.",
        )
    return Traffic(
        name,
        versions,
        {version: weight / 100 for version, weight in weights.items() if weight},
        next(iter(headers), None),
        tuple(shadows),
    )


def _reopened(traffic: Traffic, known: list[ServedModel], key: Path | None) -> dict[str, ServedModel]:
    """The versions of a saved state; those of the deployment file are open already."""
    versions: dict[str, ServedModel] = {served.identity: served for served in known}
    return {
        name: versions.get(version.identity) or open_version(traffic.name, version, key)
        for name, version in traffic.versions.items()
    }


def _serve(opened: Opened, traffic: Traffic, versions: Mapping[str, ServedModel]) -> None:
    for served in versions.values():
        if not served.ready:
            served.prepare()
        served.unloads = traffic.name in opened.idle
        opened.joining.apply(served)
    opened.traffic[traffic.name] = traffic
    opened.plane.set_route(route_of(traffic, versions))
