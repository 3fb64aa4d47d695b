"""When a version on trial is promoted or rolled back: a decision from counts only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sealift.serve.counters import RequestCounts

_ALPHA = 0.05
"""The probability that a version as good as the others is ever rolled back for its errors."""
_FEW = 20
"""Requests from which an error rate may end a trial before its minimum count."""
_TUNED = 200.0
"""The number of requests at which the intervals are as narrow as they can be."""


@dataclass(frozen=True)
class Conditions:
    """The conditions of a trial.

    Attributes:
        window: seconds that it lasts at least.
        least: requests that the version has answered at least.
        errors: how much larger than that of the other versions its share of requests with an error may be.
        latency: how many times as long as that of the other versions its 99th percentile of latency may be.
        disagreement: the share of rows with another answer that is permitted; None does not compare. It needs the
            version to be a shadow, too.
        metrics: named limits of values that are reported to the server: name → (least, most).
    """

    window: float = 300.0
    least: int = 200
    errors: float = 0.01
    latency: float = 2.0
    disagreement: float | None = None
    metrics: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What is to be done.

    Attributes:
        action: promote, roll back, or wait.
        reason: why, as a sentence.
    """

    action: Literal["promote", "rollback", "wait"]
    reason: str


def decide(
    trial: RequestCounts,
    others: RequestCounts,
    seconds: float,
    conditions: Conditions,
    *,
    disagreement: tuple[float, float] | None = None,
    metrics: Mapping[str, float] | None = None,
) -> Decision:
    """Decide about a trial.

    Args:
        trial, others: the counts of the version and of those it is compared with, since the trial began.
        seconds: the time since it began.
        conditions: what is permitted.
        disagreement: the number of rows with another answer, and of all compared rows; None where none was compared.
        metrics: the latest reported values by name.
    """
    reported = metrics or {}
    failure = (
        _too_many_errors(trial, others, conditions)
        or _too_slow(trial, others, conditions)
        or _disagrees(disagreement, conditions)
        or _outside(reported, conditions)
    )
    if failure:
        return Decision("rollback", failure)
    if seconds < conditions.window:
        return Decision("wait", f"{conditions.window - seconds:.0f} s of the trial are left.")
    if trial.requests < conditions.least:
        return Decision("wait", f"It has answered {trial.requests:.0f} of at least {conditions.least} requests.")
    if conditions.disagreement is not None and (disagreement is None or disagreement[1] < conditions.least):
        return Decision("wait", "Too few rows were compared with the answers of the other versions.")
    absent = [name for name in conditions.metrics if name not in reported]
    if absent:
        return Decision("wait", f"No value of {', '.join(absent)} was reported.")
    return Decision("promote", f"It answered {trial.requests:.0f} requests within the conditions.")


def _too_many_errors(trial: RequestCounts, others: RequestCounts, conditions: Conditions) -> str:
    """Why the error rate ends the trial; empty if it does not.

    The rate is too high where the interval of the difference of both rates lies above what is permitted: Newcombe
    1998, method 10, from Wilson's intervals.
    """
    if trial.requests < _FEW:
        return ""
    bad, other_bad = trial.requests - trial.ok, others.requests - others.ok
    z = _z(trial.requests)
    low, rate, _ = _wilson(bad, trial.requests, z)
    _, other_rate, other_high = _wilson(other_bad, others.requests, z)
    least = rate - other_rate - math.hypot(rate - low, other_high - other_rate)
    if others.requests == 0:
        least = low
    if least <= conditions.errors:
        return ""
    return f"{rate:.1%} of its requests had an error, and {other_rate:.1%} of the others."


def _too_slow(trial: RequestCounts, others: RequestCounts, conditions: Conditions) -> str:
    if trial.requests < conditions.least or others.requests < conditions.least:
        return ""
    slow, usual = trial.quantile(0.99), others.quantile(0.99)
    if not slow > conditions.latency * usual:
        return ""
    return f"The 99th percentile of its latency is {_ms(slow)}, and that of the others {_ms(usual)}."


def _disagrees(disagreement: tuple[float, float] | None, conditions: Conditions) -> str:
    if conditions.disagreement is None or disagreement is None or disagreement[1] < _FEW:
        return ""
    low, rate, _ = _wilson(*disagreement, _z(disagreement[1]))
    if low <= conditions.disagreement:
        return ""
    return f"{rate:.1%} of its answers differ from those of the other versions."


def _outside(reported: Mapping[str, float], conditions: Conditions) -> str:
    for name, (least, most) in conditions.metrics.items():
        value = reported.get(name)
        if value is None:
            continue
        if (least is not None and not value >= least) or (most is not None and not value <= most):
            return f"The reported value of {name} is {value:g}."
    return ""


def _z(count: float) -> float:
    """How many standard errors an interval reaches, so that it holds at all looks together.

    A trial is looked at twice a second. With the usual 1.96, nearly every version would be rolled back at some look.
    This is the boundary of a normal mixture (Robbins 1970; Waudby-Smith et al., "Time-uniform central limit theory and
    asymptotic confidence sequences", 2021, equation 6): 3.04 for 200 requests, and it grows slowly after that.
    """
    wide = -2 * math.log(_ALPHA)
    scaled = count * (wide + math.log(wide) + 1) / _TUNED
    return math.sqrt(2 * (scaled + 1) / scaled * math.log(math.sqrt(scaled + 1) / _ALPHA))


def _wilson(count: float, total: float, z: float) -> tuple[float, float, float]:
    """Wilson's interval of a share: its lower end, the share, its upper end (Wilson 1927)."""
    if total <= 0:
        return 0.0, 0.0, 1.0
    share = count / total
    square = z * z / total
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total)) / (1 + square)
    return max(0.0, middle - half), share, min(1.0, middle + half)


def _ms(seconds: float) -> str:
    return "more than a minute" if seconds == math.inf else f"at most {seconds * 1000:g} ms"
