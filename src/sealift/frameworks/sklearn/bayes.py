"""Naive Bayes (`naive_bayes.py`): the joint log likelihood of each class, normalised."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import naive_bayes

from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor, stack, where
from sealift.graph.classify import log_sum_exp
from sealift.graph.step import StepOutput
from sealift.graph.table import Table


def _answer(step: Any, joint: Tensor) -> StepOutput:
    probability = (joint - log_sum_exp(joint)).exp()
    return StepOutput(class_index=joint.argmax(), classes=step.classes_, probability=probability)


@converter(naive_bayes.GaussianNB)
def gaussian(step: Any, x: Table) -> StepOutput:
    """A normal density for each column."""
    values = x.numbers()
    columns = []
    for prior, mean, variance in zip(step.class_prior_, step.theta_, step.var_, strict=True):
        constant = -0.5 * np.sum(np.log(2.0 * np.pi * variance))
        gap = values - mean
        columns.append((constant - 0.5 * (gap * gap / variance).sum()) + np.log(prior))
    return _answer(step, stack(columns))


@converter(naive_bayes.MultinomialNB)
def multinomial(step: Any, x: Table) -> StepOutput:
    """Counts times log probabilities."""
    return _answer(step, x.numbers() @ step.feature_log_prob_.T + step.class_log_prior_)


@converter(naive_bayes.ComplementNB)
def complement(step: Any, x: Table) -> StepOutput:
    """Counts times the weights of the other classes."""
    joint = x.numbers() @ step.feature_log_prob_.T
    return _answer(step, joint + step.class_log_prior_ if len(step.classes_) == 1 else joint)


@converter(naive_bayes.BernoulliNB)
def bernoulli(step: Any, x: Table) -> StepOutput:
    """Log probabilities of presence and absence of each column."""
    values = x.numbers()
    if step.binarize is not None:
        values = (values > float(step.binarize)).cast(values.dtype)
    absent = np.log(1 - np.exp(step.feature_log_prob_))
    joint = values @ (step.feature_log_prob_ - absent).T + (step.class_log_prior_ + absent.sum(axis=1))
    return _answer(step, joint)


@converter(naive_bayes.CategoricalNB)
def categorical(step: Any, x: Table) -> StepOutput:
    """A table of log probabilities for each column. The graph fails where the original does: at an unknown category."""
    values = x.numbers()
    joint: Tensor | None = None
    for i, table in enumerate(step.feature_log_prob_):
        index = values.column(i).cast("int64")
        # A negative index would be counted from the end of the table.
        index = where(index < 0, np.array(table.shape[1]), index)
        part = index.take_from(np.ascontiguousarray(table.T))
        joint = part if joint is None else joint + part
    assert joint is not None
    return _answer(step, joint + step.class_log_prior_)
