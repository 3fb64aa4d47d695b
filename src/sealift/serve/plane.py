"""The data plane: the models that are served, by name and version; it knows no transport."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from sealift.errors import ServeError
from sealift.serve.served import FAST, ServedModel
from sealift.serve.traffic.split import Split
from sealift.serve.traffic.state import Version

_NO_HEADERS: Mapping[str, str] = {}


class ModelRoute:
    """The versions of one model, and which of them answers a request that names none. It does not change.

    Attributes:
        name: the name of the model.
        versions: the versions by their name, in the order in which they were added.
        split: how requests are distributed over versions.
        only: the version that answers every such request; None where several share them.
        shadows: the versions that get copies of the requests, and the numbers of their counters.
    """

    def __init__(
        self,
        name: str,
        versions: Mapping[str, ServedModel],
        split: Split,
        shadows: Sequence[tuple[Version, int]] = (),
    ) -> None:
        self.name = name
        self.versions = versions
        self.split = split
        self.shadows = shadows
        self.only = versions[split.single] if split.single is not None else None

    @property
    def loaded(self) -> bool:
        """Whether every version is loaded now."""
        return all(version.loaded for version in self.versions.values())

    @property
    def fast(self) -> bool:
        """Whether every version answers fast enough in the thread of the event loop now."""
        return all(version.loaded and version.seconds <= FAST for version in self.versions.values())

    def choose(self, headers: Mapping[str, str]) -> ServedModel:
        """The version that answers a request with these headers, whose names are in lower case."""
        return self.only or self.versions[self.split.choose(headers)]


class Plane:
    """The served models. Threads may share it: each change replaces the routes at once, so readers need no lock.

    Attributes:
        routes: the route of each model by its name.
        draining: whether the process is about to end; it then answers requests but is not ready.
    """

    def __init__(self, models: Sequence[ServedModel] = ()) -> None:
        self._lock = threading.Lock()
        self.routes: Mapping[str, ModelRoute] = {}
        self.draining = False
        for model in models:
            self.add(model)

    def add(self, model: ServedModel) -> None:
        """Serve a model, in place of the one with the same name and version; it answers requests without a version."""
        with self._lock:
            known = self.routes.get(model.name)
            versions = {**(known.versions if known else {}), model.version: model}
            self._replace(ModelRoute(model.name, versions, Split.all_to(model.version)))

    def set_route(self, route: ModelRoute) -> None:
        """Replace the route of a model."""
        with self._lock:
            self._replace(route)

    def _replace(self, route: ModelRoute) -> None:
        self.routes = {**self.routes, route.name: route}

    def names(self) -> list[str]:
        """The names of the models."""
        return list(self.routes)

    def versions(self, name: str) -> list[str]:
        """The versions of a model. Raises ServeError E701."""
        return list(self.route(name).versions)

    def find(self, name: str, version: str | None = None, headers: Mapping[str, str] = _NO_HEADERS) -> ServedModel:
        """A model by name and version; without a version, the one that the route chooses. Raises ServeError E701."""
        route = self.route(name)
        if version is None:
            return route.choose(headers)
        model = route.versions.get(version)
        if model is None:
            raise ServeError(
                "E701",
                f"The model {name!r:.80} has no version {version!r:.80}.",
                fix=f"Use one of: {', '.join(route.versions)}.",
            )
        return model

    def only_name(self) -> str:
        """The name for a route without a model's name. Raises ServeError E701 unless exactly one model is served."""
        names = self.names()
        if len(names) != 1:
            raise ServeError(
                "E701",
                f"This route names no model, and {len(names)} models are served.",
                fix="Use a route with the name of the model, such as /v1/models/NAME/predict.",
            )
        return names[0]

    def models(self) -> list[ServedModel]:
        """All versions of all models."""
        return [model for route in self.routes.values() for model in route.versions.values()]

    @property
    def ready(self) -> bool:
        """Whether every model is ready, and there is one, and the process is not about to end."""
        models = self.models()
        return bool(models) and not self.draining and all(model.ready for model in models)

    def route(self, name: str) -> ModelRoute:
        """The route of a model. Raises ServeError E701."""
        route = self.routes.get(name)
        if route is None:
            served = ", ".join(self.names()[:8]) or "none"
            raise ServeError(
                "E701", f"There is no model {name!r:.80}.", fix=f"Use the name of a model that is served: {served}."
            )
        return route
