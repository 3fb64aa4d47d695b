"""Converters for imbalanced-learn: samplers change training rows only, so a pipeline predicts without them.

The ensembles predict like their base classes in scikit-learn, and have the same converters.
"""

from __future__ import annotations

from typing import Any

from imblearn import ensemble, pipeline

from sealift.frameworks.registry import apply, converter, transform
from sealift.frameworks.sklearn import adaboost, forest, vote
from sealift.graph.step import StepOutput
from sealift.graph.table import Table


@converter(pipeline.Pipeline)
def pipe(step: Any, x: Table) -> StepOutput:
    """The transformers in sequence, then the last step (`imblearn/pipeline.py`)."""
    members = [
        (name, member)
        for name, member in step.steps
        if member is not None and member != "passthrough" and not hasattr(member, "fit_resample")
    ]
    ends_in_sampler = hasattr(step.steps[-1][1], "fit_resample")
    for name, member in members if ends_in_sampler else members[:-1]:
        x = transform(member, x, name)
    if ends_in_sampler or not members or step.steps[-1][1] in (None, "passthrough"):
        return StepOutput(features=x)
    last_name, last = members[-1]
    return apply(last, x, last_name)


converter(ensemble.BalancedRandomForestClassifier)(forest.classifier)
converter(ensemble.BalancedBaggingClassifier, ensemble.EasyEnsembleClassifier)(vote.bagging_classifier)
converter(ensemble.RUSBoostClassifier)(adaboost.classifier)

__all__ = ["pipe"]
