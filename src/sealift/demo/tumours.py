"""The Wisconsin breast-cancer data, changed to resemble hospital records: three columns of grades, missing values.

Source: W. Wolberg, O. Mangasarian, N. Street, W. Street, "Breast Cancer Wisconsin (Diagnostic)", UCI Machine Learning
Repository, 1993; shipped with scikit-learn. 569 masses, 30 measurements of cell nuclei, benign or malignant.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift.demo import enter
from sealift.demo.case import Case, Trained

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_CLASS_NAMES = ("malignant", "benign")

_GRADES = {
    "worst texture": ("fine", "medium", "coarse"),
    "worst concavity": ("none", "mild", "marked"),
    "worst symmetry": ("even", "uneven"),
}
_MISSING = {"mean smoothness": 0.05, "worst area": 0.08, "worst texture": 0.04, "concavity error": 0.1}

_CARD = {
    "title": "Breast mass: malignant or benign?",
    "description": (
        "Distinguishes malignant from benign breast masses by measurements of cell nuclei from a fine-needle aspirate."
    ),
    "when_to_use": (
        "To try Sealift. The model was trained in a few seconds to show how a model is sealed; "
        "it has not been validated for patients."
    ),
    "pitfalls": (
        "The data come from one hospital and the years around 1990. Measurements depend on how the slide was "
        "digitised. Three of the columns were turned into grades, and some values removed, to resemble real records."
    ),
    "references": (
        "Street, Wolberg & Mangasarian: Nuclear feature extraction for breast tumor diagnosis. SPIE 1905 (1993), "
        "861-870."
    ),
    "author": "The Sealift demo",
    "license": "Apache-2.0",
}


def _train(out: Path) -> Trained:
    from sealift.packing import ContractOptions

    X, y = _load()
    model = _fitted(X[::2], y[::2])
    rows = out / "breast-cancer.csv"
    X.to_csv(rows, index=False)
    return Trained(
        f"a forest of 200 trees on {len(X[::2])} of {len(X)} patients",
        model,
        X[1::2],
        y[1::2],
        rows,
        model.predict(X),
        model.predict_proba(X),
        {
            "contract": ContractOptions(fields=_fields(X), class_names=_CLASS_NAMES, headline=("probability", 0)),
            "card": _CARD,
        },
    )


def _load() -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """X (569, 30) as a pandas data frame with three columns of grades and some NaN; y (569,) int, 0 is malignant."""
    import numpy as np
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    random = np.random.default_rng(1995)
    for name, grades in _GRADES.items():
        edges = X[name].quantile(np.linspace(0, 1, len(grades) + 1)[1:-1]).to_numpy()
        X[name] = np.array(grades, dtype=object)[np.searchsorted(edges, X[name].to_numpy())]
    for name, share in _MISSING.items():
        X.loc[random.random(len(X)) < share, name] = np.nan
    return X, y.to_numpy()


def _fields(X: pd.DataFrame) -> dict[str, dict[str, str]]:
    """The units and descriptions of the columns."""
    texts: dict[str, dict[str, str]] = {}
    for name in X.columns:
        texts[name] = {"description": "Mean of the three largest nuclei."} if name.startswith("worst") else {}
        if "area" in name:
            texts[name]["units"] = "µm²"
        elif "radius" in name or "perimeter" in name:
            texts[name]["units"] = "µm"
    return texts


def _fitted(X: pd.DataFrame, y: npt.NDArray[np.int64]) -> Any:
    """A pipeline of imputation, scaling, one-hot encoding and a random forest."""
    import numpy as np
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    grades = OneHotEncoder(handle_unknown="ignore")
    prepare = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include=np.number)),
            ("grades", grades, list(_GRADES)),
        ]
    )
    return make_pipeline(prepare, RandomForestClassifier(200, min_samples_leaf=2, random_state=0)).fit(X, y)


CASE = Case(
    name="breast-cancer",
    extras="demo",
    modules={"pandas": "pandas", "scikit-learn": "sklearn", "onnx": "onnx"},
    train=_train,
    class_names=_CLASS_NAMES,
    original="scikit-learn's",
    proved="scikit-learn on all {} rows, including thresholds and missing values",
    close=1e-6,
    first=enter.example,
    all_rows=enter.table,
)
