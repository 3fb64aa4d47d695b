"""Discriminant analysis (`discriminant_analysis.py`) and nearest centroids (`neighbors/_nearest_centroid.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import discriminant_analysis, neighbors

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.cluster import nearest_of, squares
from sealift.frameworks.sklearn.distances import Metric
from sealift.frameworks.sklearn.linear import decision
from sealift.graph.builder import Tensor, stack
from sealift.graph.classify import by_score, by_signed, softmax
from sealift.graph.control_flow import scan
from sealift.graph.step import StepOutput
from sealift.graph.table import Table


@converter(discriminant_analysis.LinearDiscriminantAnalysis)
def linear(step: Any, x: Table) -> StepOutput:
    """A linear classifier; `transform` projects unless the solver is lsqr."""
    score = decision(step, x)
    if len(score.shape) == 1:
        output = by_signed(step.classes_, score, score.matrix() * np.array([[1.0, -1.0]]))
    else:
        output = by_score(step.classes_, score, softmax(score))
    if step.solver == "lsqr":
        return output
    values = x.numbers() - step.xbar_ if step.solver == "svd" else x.numbers()
    projected = values @ step.scalings_[:, : step._max_components]
    names = step.get_feature_names_out()
    return StepOutput(
        features=x.with_values(projected, names),
        class_index=output.class_index,
        classes=output.classes,
        probability=output.probability,
        score=score,
    )


@converter(discriminant_analysis.QuadraticDiscriminantAnalysis)
def quadratic(step: Any, x: Table) -> StepOutput:
    """The log density of each class with its own covariance."""
    values = x.numbers()
    norms = []
    for rotation, scaling, mean in zip(step.rotations_, step.scalings_, step.means_, strict=True):
        turned = (values - mean) @ (rotation * scaling ** (-0.5))
        norms.append((turned * turned).sum())
    spread = np.asarray([np.sum(np.log(s)) for s in step.scalings_])
    return discriminated(step.classes_, -0.5 * (stack(norms) + spread) + np.log(step.priors_))


@converter(neighbors.NearestCentroid)
def centroid(step: Any, x: Table) -> StepOutput:
    """The nearest centroid for equal priors, otherwise the score of distance and prior."""
    values = x.numbers().cast("float64")
    scale = np.where(step.within_class_std_dev_ != 0, step.within_class_std_dev_, 1.0)
    centroids = np.asarray(step.centroids_, dtype=np.float64)

    if step.metric == "euclidean":
        # Expanded as in the original, so that a row between two centroids gets the same class.
        nearest = nearest_of(values, centroids)
        scaled = squares(values / scale, centroids / scale).sqrt()
    else:
        metric = Metric.of(step.metric, {})

        def both(row: Tensor) -> list[Tensor]:
            return [metric.distances(row, centroids), metric.distances(row / scale, centroids / scale)]

        plain, scaled = scan(values, both)
        nearest = (-plain).argmax()
    output = discriminated(step.classes_, -(scaled * scaled) + 2.0 * np.log(step.class_prior_))
    if np.isclose(step.class_prior_, 1 / len(step.classes_)).all():
        choice = nearest
        return StepOutput(class_index=choice, classes=step.classes_, probability=output.probability, score=output.score)
    return output


def discriminated(classes: npt.NDArray[Any], scores: Tensor) -> StepOutput:
    """`DiscriminantAnalysisPredictionMixin`: the greatest score; probabilities by its softmax."""
    likelihood = scores - scores.max(keepdims=True)
    probability = (likelihood - likelihood.exp().sum(keepdims=True).log()).exp()
    score = scores.column(1) - scores.column(0) if len(classes) == 2 else scores
    return StepOutput(class_index=scores.argmax(), classes=np.asarray(classes), probability=probability, score=score)
