"""Fit, save and ask models in an environment of an older scikit-learn: `python write_models.py FOLDER`.

Runs without Sealift. Each model is written as a pickle and, where skops can, as a .skops file; `answers.json` holds
what each one answered on `rows.json` where it was fitted.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, PolynomialFeatures, PowerTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

random = np.random.RandomState(0)
X = random.randn(240, 5).round(3)
MISSING = np.where(random.rand(*X.shape) < 0.1, np.nan, X)
MIXED = np.column_stack([X[:, :3].astype(object), random.choice(["a", "b", "c"], len(X)).astype(object)])
TEXTS = [" ".join(random.choice(["red", "green", "blue", "grey"], 5)) for _ in X]
label = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
number = X[:, 0] * 2 + X[:, 1] ** 2
three = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])

prepare = ColumnTransformer([("n", StandardScaler(), [0, 1, 2]), ("c", OneHotEncoder(handle_unknown="ignore"), [3])])
vote = VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft")

# name: (estimator, rows, targets)
MODELS = {
    "logistic": (make_pipeline(StandardScaler(), LogisticRegression()), X, three),
    "mixed": (make_pipeline(prepare, LogisticRegression()), MIXED, label),
    "ridge": (make_pipeline(PolynomialFeatures(2), Ridge()), X, number),
    "tree": (DecisionTreeClassifier(max_depth=5), X, three),
    "forest": (RandomForestClassifier(20, random_state=0), X, three),
    "forest-regressor": (RandomForestRegressor(20, random_state=0), X, number),
    "extra-trees": (ExtraTreesClassifier(20, random_state=0), X, label),
    "boosting": (GradientBoostingClassifier(n_estimators=20), X, label),
    "boosting-regressor": (GradientBoostingRegressor(n_estimators=20), X, number),
    "hist": (HistGradientBoostingClassifier(max_iter=20), MISSING, label),
    "hist-regressor": (HistGradientBoostingRegressor(max_iter=20), MISSING, number),
    "isolation": (IsolationForest(n_estimators=20, random_state=0), X, None),
    "imputed": (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), GaussianNB()), MISSING, label),
    "nearest-imputed": (make_pipeline(KNNImputer(), Ridge()), MISSING, number),
    "power": (make_pipeline(PowerTransformer(), LinearDiscriminantAnalysis()), X, label),
    "bins": (make_pipeline(KBinsDiscretizer(4, encode="ordinal"), Ridge()), X, number),
    "svc": (make_pipeline(StandardScaler(), SVC(decision_function_shape="ovo")), X, three),
    "neighbors": (KNeighborsClassifier(), X, label),
    "neural": (MLPClassifier((8,), max_iter=30, random_state=0), X, label),
    "vote": (vote, X, label),
    "text": (make_pipeline(TfidfVectorizer(), LogisticRegression()), TEXTS, label),
}


def main(folder: Path) -> None:
    import warnings

    warnings.simplefilter("ignore")
    answers: dict[str, list[object]] = {}
    for name, (model, rows, targets) in MODELS.items():
        model.fit(rows, targets)
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))
        answers[name] = model.predict(rows).tolist()
        if name in ("logistic", "forest", "hist", "text"):
            import skops.io

            skops.io.dump(model, folder / f"{name}.skops")
    tables = {"X": X.tolist(), "MISSING": MISSING.tolist(), "MIXED": MIXED.tolist(), "TEXTS": TEXTS}
    which = {name: next(key for key in tables if globals()[key] is rows) for name, (_, rows, _) in MODELS.items()}
    text = json.dumps({"sklearn": sklearn.__version__, "tables": tables, "rows": which, "answers": answers})
    (folder / "answers.json").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
