"""Changes of what a running server answers: deploy, promote, roll back, and what canaries lead to."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from sealift.errors import FileError, SealiftError, ServeError
from sealift.serve.counters import RequestCounts
from sealift.serve.traffic import state
from sealift.serve.traffic.canary import Conditions, Decision, decide
from sealift.serve.traffic.history import History
from sealift.serve.traffic.kept import part_of, place
from sealift.serve.traffic.state import Canary, Traffic, Version

_log = logging.getLogger(__name__)
CANARY = "canary"
"""The actor of changes by the conditions of a trial."""
_REPORT = 60.0
"""Seconds between two reports that a promotion cannot be saved."""


class Fleet(Protocol):
    """The processes that answer, as operations use them."""

    def inspect(self, file: Path) -> tuple[str, Version]:
        """The name in a sealed file, and its version. Raises SealiftError where it cannot be used."""

    def prepare(self, name: str, version: Version) -> None:
        """Load a version in every process, and run its examples there. Raises SealiftError; nothing changes then."""

    def apply(self, traffic: Traffic) -> None:
        """Let every process answer as `traffic` says; return when all do."""

    def counts(self, name: str, version: str) -> RequestCounts:
        """The counts of a version since it was loaded."""

    def disagreement(self, name: str, version: str) -> tuple[float, float] | None:
        """The number of rows with another answer than the live version's, and of compared rows."""


class Operations:
    """The models of a running server and their changes. Only the supervisor uses it.

    Attributes:
        models: the state of each model.
        automatic: called with each change that the server made by itself, as a request of `handle`.
    """

    def __init__(
        self, fleet: Fleet, folder: Path, models: Mapping[str, Traffic], bases: Mapping[str, list[str]]
    ) -> None:
        """Begin with the models of a deployment, which are served already.

        Args:
            fleet: the processes.
            folder: the folder of the state.
            models: the state of each model.
            bases: for each model, the identities that the deployment gave it.

        Raises:
            ServeError: E742 where the history was altered.
        """
        self._fleet = fleet
        self._folder = folder
        self._bases = bases
        self.models = dict(models)
        self.automatic: Callable[[Mapping[str, Any]], None] = lambda _request: None
        self._history = History(folder / "history.jsonl")
        self._before: dict[tuple[str, str], RequestCounts] = {}
        self._metrics: dict[tuple[str, str], dict[str, float]] = {}
        self._reported = -_REPORT
        self._trials: dict[tuple[str, str, float], float] = {}
        for traffic in self.models.values():
            self._remember(traffic)

    def handle(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a request of the control socket or of an administrative route asks.

        Raises:
            ServeError: E741 for an unknown action or a malformed request; and as the methods.
        """
        action = request.get("action")
        actor, reason = str(request.get("actor", "")), str(request.get("reason", ""))
        if action == "status":
            return self.status()
        if action == "deploy":
            conditions = request.get("conditions")
            return self.deploy(
                Path(str(request["file"])),
                name=request.get("name"),
                share=request.get("share"),
                shadow=bool(request.get("shadow")),
                hold=bool(request.get("hold")),
                conditions=Conditions() if conditions is None else Conditions(**conditions),
                actor=actor,
                reason=reason,
            )
        if action == "promote":
            return self.promote(str(request["name"]), request.get("version"), actor=actor, reason=reason)
        if action == "rollback":
            return self.rollback(str(request["name"]), actor=actor, reason=reason)
        if action == "metric":
            return self.report(str(request["name"]), str(request["version"]), dict(request["values"]))
        raise ServeError("E741", f"There is no action {action!r:.80}.", fix="Use the commands of this version.")

    def deploy(
        self,
        file: Path,
        *,
        name: str | None = None,
        share: float | None = None,
        shadow: bool = False,
        hold: bool = False,
        conditions: Conditions | None = None,
        again: bool = True,
        inside: str | None = None,
        actor: str,
        reason: str,
    ) -> dict[str, Any]:
        """Serve another version of a model, or another model.

        By default it gets all requests at once.

        Args:
            file: the sealed file, which is copied into the state's folder.
            name: the name of the model; by default the one in the file.
            share: the share of the requests that it gets on trial, as a canary; more than 0 and less than 1.
            shadow: only copies of the requests are sent to it.
            hold: it gets only requests that name its version.
            conditions: of the trial.
            again: whether a file that is already served as a version is deployed again.
            inside: the name that must be in the file; None permits any.
            actor, reason: for the history.

        Raises:
            ServeError: E703, E743, E746, E805. FileError: also E402 where the state or the history cannot be written;
                nothing changes then. SealError, ContractError: as `sealift.load`.
        """
        model_name, version = self._kept(file)
        if inside is not None and model_name != inside:
            raise ServeError(
                "E805",
                f"The file is of the model {model_name!r:.80}, and not of {inside!r:.80}.",
                where=str(file),
                fix="Put it into the folder of its model, or pack it with the right name.",
            )
        name = name or model_name
        before = self.models.get(name)
        if not again and before and version.identity in {each.identity for each in before.versions.values()}:
            return {"ok": True, "model": self._described(before)}
        traffic = (before or Traffic(name)).with_version(version)
        self._fleet.prepare(name, version)
        if before is None:
            traffic = traffic.with_weights({version.version: 1.0})
            mode = "all"
        elif shadow and share is None:
            traffic, mode = traffic.with_shadow(version.version), "shadow"
        elif share is not None:
            traffic, mode = self._on_trial(traffic, version.version, share, conditions or Conditions()), "canary"
            if shadow or (conditions and conditions.disagreement is not None):
                traffic = replace(traffic, shadows=tuple(dict.fromkeys((*traffic.shadows, version.version))))
        elif hold:
            mode = "hold"
        else:
            traffic, mode = traffic.with_weights({version.version: 1.0}), "all"
        return self._change(
            "deploy", traffic, actor, reason, version=version.version, identity=version.identity, mode=mode
        )

    def promote(self, name: str, version: str | None, *, actor: str, reason: str) -> dict[str, Any]:
        """Send all requests to a version; by default to the one on trial. Raises ServeError E701, E744."""
        traffic = self._model(name)
        version = version or (traffic.canary.version if traffic.canary else None)
        if version is None:
            raise ServeError(
                "E744",
                f"No version of {name!r:.80} is on trial.",
                fix=f"Name the version: sealift promote {name}@VERSION.",
            )
        if version not in traffic.versions:
            raise ServeError(
                "E701",
                f"The model {name!r:.80} has no version {version!r:.80}.",
                fix=f"Use one of: {', '.join(traffic.versions)}.",
            )
        return self._change("promote", traffic.with_weights({version: 1.0}), actor, reason, version=version)

    def rollback(self, name: str, *, actor: str, reason: str) -> dict[str, Any]:
        """Return to the shares before the latest change. Raises ServeError E701, E744."""
        return self._change("rollback", self._model(name).rolled_back(), actor, reason)

    def record(self, action: str, name: str, *, actor: str, reason: str, **what: Any) -> None:
        """Add an entry to the history that changes nothing. Raises FileError E402 where it cannot be written."""
        self._history.append(action, actor=actor, reason=reason, name=name, **what)

    def report(self, name: str, version: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Take note of values of a version that were measured elsewhere, for the conditions of its trial."""
        self._metrics.setdefault((name, version), {}).update({key: float(value) for key, value in values.items()})
        return {"ok": True}

    def status(self) -> dict[str, Any]:
        """The state of all models, with their counts."""
        return {"ok": True, "models": [self._described(traffic) for traffic in self.models.values()]}

    def tick(self) -> None:
        """Promote and roll back canaries whose time has come."""
        for traffic in list(self.models.values()):
            if traffic.canary is None:
                continue
            decision = self._decision(traffic)
            version = traffic.canary.version
            if decision.action == "wait":
                continue
            if decision.action == "promote":
                changed = traffic.with_weights({version: 1.0})
            else:
                changed = traffic.rolled_back().without_shadow(version)
            try:
                self._change(decision.action, changed, CANARY, decision.reason, version=version)
            except FileError as error:
                if not self._done_unsaved(decision, changed, error):
                    continue
            known = {"name": traffic.name, "version": version, "reason": decision.reason}
            self.automatic({"action": decision.action, "actor": CANARY, **known})

    def _done_unsaved(self, decision: Decision, traffic: Traffic, error: FileError) -> bool:
        """Roll a bad version back although that cannot be saved; a good one stays on trial."""
        now = time.monotonic()
        if decision.action == "rollback" or now >= self._reported + _REPORT:
            self._reported = now
            _log.error("the %s of a version of %s is not saved: %s", decision.action, traffic.name, error)
        if decision.action != "rollback":
            return False
        self._fleet.apply(traffic)
        self.models[traffic.name] = traffic
        return True

    def _on_trial(self, traffic: Traffic, version: str, share: float, conditions: Conditions) -> Traffic:
        if not 0 < share < 1:
            raise ServeError(
                "E746", f"The share of a canary cannot be {share:g}.", fix="Use a share above 0 and below 1, as 0.05."
            )
        others = {name: weight for name, weight in traffic.weights.items() if name != version}
        total = sum(others.values())
        if not total:
            raise ServeError(
                "E746", "The version already gets all requests.", fix="Deploy another version as the canary."
            )
        weights = {name: weight / total * (1 - share) for name, weight in others.items()} | {version: share}
        for each in weights:
            self._before[traffic.name, each] = self._fleet.counts(traffic.name, each)
        return traffic.with_weights(weights, Canary(version, time.time(), conditions))

    def _decision(self, traffic: Traffic) -> Decision:
        assert traffic.canary is not None
        version, others = traffic.canary.version, RequestCounts()
        for each in traffic.weights:
            if each != version:
                others = others + self._since(traffic.name, each)
        return decide(
            self._since(traffic.name, version),
            others,
            self._lasted(traffic.name, traffic.canary),
            traffic.canary.conditions,
            disagreement=self._fleet.disagreement(traffic.name, version),
            metrics=self._metrics.get((traffic.name, version)),
        )

    def _lasted(self, name: str, canary: Canary) -> float:
        """The seconds of a trial, which do not change with the clock while this process runs."""
        now = time.monotonic()
        key = (name, canary.version, canary.begun)
        return now - self._trials.setdefault(key, now - max(time.time() - canary.begun, 0.0))

    def _since(self, name: str, version: str) -> RequestCounts:
        """The counts since the trial began."""
        return self._fleet.counts(name, version) - self._before.get((name, version), RequestCounts())

    def _change(self, action: str, traffic: Traffic, actor: str, reason: str, **what: Any) -> dict[str, Any]:
        traffic = traffic.without_unused() if action != "deploy" else traffic
        before = self.models.get(traffic.name)
        # First on the disk: a server that is killed now begins with the new state.
        state.save(self._folder / "state.json", {**self.models, traffic.name: traffic}, self._bases)
        try:
            self._history.append(
                action,
                actor=actor,
                reason=reason,
                name=traffic.name,
                **what,
                weights=dict(traffic.weights),
                weights_before=dict(before.weights) if before else {},
            )
        except FileError:
            state.save(self._folder / "state.json", self.models, self._bases)
            raise
        self._fleet.apply(traffic)
        self.models[traffic.name] = traffic
        self._remember(traffic)
        return {"ok": True, "model": self._described(traffic)}

    def _remember(self, traffic: Traffic) -> None:
        """Keep the counts from which a trial is counted, for versions that have none yet."""
        for each in traffic.versions:
            self._before.setdefault((traffic.name, each), self._fleet.counts(traffic.name, each))

    def _model(self, name: str) -> Traffic:
        traffic = self.models.get(name)
        if traffic is None:
            served = ", ".join(list(self.models)[:8]) or "none"
            raise ServeError(
                "E701", f"There is no model {name!r:.80}.", fix=f"Use the name of a model that is served: {served}."
            )
        return traffic

    def _kept(self, file: Path) -> tuple[str, Version]:
        """The name in a sealed file, and the version of a copy of it. The copy is what is inspected."""
        try:
            part = part_of(self._folder, file)
        except OSError as error:
            raise FileError(
                "E401", f"The file cannot be copied: {error.strerror or error}.", where=str(file), fix="Check the path."
            ) from error
        try:
            name, version = self._fleet.inspect(part)
        except BaseException as error:
            part.unlink()
            if isinstance(error, SealiftError) and error.where == str(part):
                error.where = str(file)
            raise
        return name, replace(version, file=str(place(part, version.identity)))

    def _compared(self, traffic: Traffic) -> list[dict[str, Any]]:
        """The comparisons of the shadows of a model, as the shadow process last wrote them."""
        try:
            report = json.loads((self._folder / "shadow.json").read_bytes())
            return [each for each in report["comparisons"] if each["name"] == traffic.name]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def _described(self, traffic: Traffic) -> dict[str, Any]:
        versions = []
        for name, version in traffic.versions.items():
            counts = self._fleet.counts(traffic.name, name)
            versions.append(
                {
                    "version": name,
                    "identity": version.identity,
                    "share": traffic.weights.get(name, 0.0),
                    "shadow": name in traffic.shadows,
                    "requests": int(counts.requests),
                    "errors": int(counts.requests - counts.ok),
                    "p99": None if counts.requests == 0 else counts.quantile(0.99),
                    "disagreement": self._fleet.disagreement(traffic.name, name),
                }
            )
        described: dict[str, Any] = {"name": traffic.name, "sticky": traffic.sticky, "versions": versions}
        compared = self._compared(traffic)
        if compared:
            described["shadow"] = compared
        if traffic.canary is not None:
            decision = self._decision(traffic)
            described["canary"] = {"version": traffic.canary.version, "state": decision.reason}
        return described
