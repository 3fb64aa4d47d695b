"""How the versions of one model share its requests, as the supervisor keeps it and writes it to the disk."""

from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sealift import files
from sealift.errors import ServeError
from sealift.serve.traffic.canary import Conditions

_MOST_EARLIER = 16
_LONGEST = 1 << 24


@dataclass(frozen=True)
class Version:
    """A version of a model.

    Attributes:
        version: the version in the sealed file.
        identity: the identity of the file.
        file: the path of the file.
    """

    version: str
    identity: str
    file: str


@dataclass(frozen=True)
class Canary:
    """A version on trial.

    Attributes:
        version: the version.
        begun: when the trial began, in seconds since 1970.
        conditions: when it is promoted or rolled back.
    """

    version: str
    begun: float
    conditions: Conditions


@dataclass(frozen=True)
class Traffic:
    """The versions of one model and their shares. Changes make another object.

    Attributes:
        name: the name of the model.
        versions: the versions that are loaded, by their name.
        weights: version → share of the requests that name no version.
        sticky: the header whose value always leads to the same version, in lower case; None for none.
        shadows: the versions that get copies of the requests, and whose answers only are compared.
        canary: the version on trial.
        earlier: the weights before the latest changes, the latest last.
    """

    name: str
    versions: Mapping[str, Version] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    sticky: str | None = None
    shadows: tuple[str, ...] = ()
    canary: Canary | None = None
    earlier: tuple[Mapping[str, float], ...] = ()

    @property
    def used(self) -> set[str]:
        """The versions that answer, are compared, or would answer after a rollback."""
        last = self.earlier[-1] if self.earlier else {}
        return {*self.weights, *self.shadows, *last}

    @property
    def stable(self) -> str:
        """The version with the largest share, apart from the canary."""
        others = {v: w for v, w in self.weights.items() if self.canary is None or v != self.canary.version}
        return max(others, key=lambda version: others[version])

    def with_version(self, version: Version) -> Traffic:
        """With one more version, which gets no requests yet.

        Raises:
            ServeError: E743 where another file has the same version.
        """
        known = self.versions.get(version.version)
        if known is not None and known.identity != version.identity:
            raise ServeError(
                "E743",
                f"The model {self.name!r:.80} already has a version {version.version!r:.80} with other contents.",
                where=version.file,
                fix="Pack the model again with another version: sealift pack … --version.",
            )
        return replace(self, versions={**self.versions, version.version: version})

    def with_weights(self, weights: Mapping[str, float], canary: Canary | None = None) -> Traffic:
        """With other shares; a version that gets requests is no longer a shadow.

        The shares during a trial are no state to return to.
        """
        changed = dict(weights) != dict(self.weights) and self.canary is None
        return replace(
            self,
            weights=dict(weights),
            canary=canary,
            shadows=tuple(version for version in self.shadows if version not in weights),
            earlier=(*self.earlier, self.weights)[-_MOST_EARLIER:] if changed and self.weights else self.earlier,
        )

    def with_shadow(self, version: str) -> Traffic:
        """With a version that gets copies of the requests."""
        return replace(self, shadows=tuple(dict.fromkeys((*self.shadows, version))))

    def without_shadow(self, version: str) -> Traffic:
        """Without a version that gets copies."""
        return replace(self, shadows=tuple(shadow for shadow in self.shadows if shadow != version))

    def rolled_back(self) -> Traffic:
        """With the shares before the latest change. Raises ServeError E744 where there are none."""
        earlier = list(self.earlier)
        while earlier and not set(earlier[-1]) <= set(self.versions):
            earlier.pop()
        if not earlier:
            raise ServeError(
                "E744",
                f"The model {self.name!r:.80} has no earlier state to return to.",
                fix="`sealift promote` sends the requests to a version of your choice.",
            )
        return replace(self, weights=earlier[-1], canary=None, earlier=tuple(earlier[:-1]))

    def without_unused(self) -> Traffic:
        """Without the versions that are no longer needed."""
        return replace(self, versions={name: self.versions[name] for name in self.versions if name in self.used})

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def from_dict(raw: Any) -> Traffic:
    """The reverse of `as_dict`. Raises ValueError, KeyError, TypeError for anything else."""
    canary = raw["canary"]
    known = {each.name for each in fields(Conditions)}
    return Traffic(
        name=str(raw["name"]),
        versions={str(name): Version(**entry) for name, entry in raw["versions"].items()},
        weights={str(name): float(weight) for name, weight in raw["weights"].items()},
        sticky=raw["sticky"],
        shadows=tuple(raw["shadows"]),
        canary=None
        if canary is None
        else Canary(
            canary["version"],
            float(canary["begun"]),
            Conditions(**{key: value for key, value in canary["conditions"].items() if key in known}),
        ),
        earlier=tuple(dict(weights) for weights in raw["earlier"]),
    )


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a folder of state, and keep other servers from it.

    Raises:
        ServeError: E747 where another server uses it. FileError: E402 where it cannot be made.
    """
    import fcntl  # not on Windows, where no server has a state

    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise files.unwritable(folder, error) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ServeError(
                "E747",
                "Another server uses this folder of state.",
                where=str(folder),
                fix="End it, or name another folder: state = … in [server].",
            ) from None
        yield


def save(path: Path, traffic: Mapping[str, Traffic], bases: Mapping[str, list[str]]) -> None:
    """Write the state of all models, replacing the file at once.

    Args:
        path: the file.
        traffic: the models.
        bases: for each model, the identities that the deployment file gave it.
    """
    models = {name: {**each.as_dict(), "bases": bases.get(name, [])} for name, each in traffic.items()}
    files.write_atomic(path, json.dumps({"models": models}, indent=1).encode() + b"\n")


def load(path: Path) -> Mapping[str, tuple[Traffic, list[str]]]:
    """The state of all models with their bases; empty where there is no file.

    Raises:
        ServeError: E745 where the file is malformed. FileError: E402 where its folder cannot be one.
    """
    folder = path.parent
    if not folder.parent.is_dir() or (folder.exists() and not folder.is_dir()):
        raise files.unwritable(folder, NotADirectoryError(errno.ENOTDIR, "it is no folder, or not in one"))
    if not path.exists():
        return {}
    try:
        raw = json.loads(files.read(path, limit=_LONGEST))
        return {name: (from_dict(entry), list(entry["bases"])) for name, entry in raw["models"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ServeError(
            "E745",
            f"The state of the server is malformed: {error!r:.200}.",
            where=str(path),
            fix="Move the file away; the server then begins with the deployment file.",
        ) from None
