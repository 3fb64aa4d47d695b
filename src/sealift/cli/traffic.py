"""`sealift deploy`, `promote`, `rollback` and `status`: changes of a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sealift.cli import console
from sealift.serve import control


def deploy(
    file: Path,
    *,
    port: int,
    name: str | None,
    share: float | None,
    shadow: bool,
    hold: bool,
    window: float,
    least: int,
    max_errors: float,
    max_latency: float,
    max_disagreement: float | None,
    reason: str,
    as_json: bool,
) -> None:
    """Serve another version."""
    conditions = {
        "window": window,
        "least": least,
        "errors": max_errors,
        "latency": max_latency,
        "disagreement": max_disagreement,
    }
    request = {
        "action": "deploy",
        "file": str(file.absolute()),
        "name": name,
        "share": share,
        "shadow": shadow,
        "hold": hold,
        "conditions": conditions,
        "reason": reason,
    }
    _changed(control.ask(port, request), as_json=as_json)


def promote(model: str, *, port: int, reason: str, as_json: bool) -> None:
    """Send all requests to a version."""
    name, _, version = model.partition("@")
    request = {"action": "promote", "name": name, "version": version or None, "reason": reason}
    _changed(control.ask(port, request), as_json=as_json)


def rollback(name: str, *, port: int, reason: str, as_json: bool) -> None:
    """Undo the latest change."""
    _changed(control.ask(port, {"action": "rollback", "name": name, "reason": reason}), as_json=as_json)


def status(*, port: int, as_json: bool) -> None:
    """Show the models."""
    answer = control.ask(port, {"action": "status"})
    if as_json:
        console.show_json(answer)
        return
    for model in answer["models"]:
        _show(model)


def _changed(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.show_json(answer)
    else:
        _show(answer["model"])


def _show(model: dict[str, Any]) -> None:
    sticky = f"  sticky by {console.clean(model['sticky'])}" if model["sticky"] else ""
    console.say(f"{console.clean(model['name'])}{sticky}")
    for version in model["versions"]:
        role = "shadow" if version["shadow"] and not version["share"] else f"{version['share']:6.1%}"
        latency = "" if version["p99"] is None else f"  99 % within {version['p99'] * 1000:g} ms"
        compared = version["disagreement"]
        differs = f"  {compared[0]:.0f} of {compared[1]:.0f} rows differ" if compared and compared[1] else ""
        console.say(
            f"  {console.clean(version['version']):<12} {role:>8}  identity {version['identity'][:12]}…  "
            f"{version['requests']:,} requests, {version['errors']:,} errors{latency}{differs}"
        )
    if "canary" in model:
        console.say(f"  canary {console.clean(model['canary']['version'])}: {model['canary']['state']}")
