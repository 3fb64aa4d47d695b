"""Parameters of scikit-learn's estimators: required ones, and other important ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

REQUIRED: dict[str, dict[str, Any]] = {
    "ClassifierChain": {"estimator": LogisticRegression(max_iter=1000)},
    "ColumnTransformer": {"transformers": [("a", "passthrough", [0, 1])], "remainder": "drop"},
    "FeatureUnion": {"transformer_list": [("a", "passthrough")]},
    "FixedThresholdClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    # Without a predictor they may return at most 2**13 columns; the default is 2**20.
    "FeatureHasher": {"n_features": 2**10},
    "HashingVectorizer": {"n_features": 2**10},
    "GridSearchCV": {"estimator": LogisticRegression(max_iter=1000), "param_grid": {"C": [0.1, 1.0]}},
    "RandomizedSearchCV": {
        "estimator": LogisticRegression(max_iter=1000),
        "param_distributions": {"C": [0.1, 1.0]},
        "n_iter": 2,
    },
    "MultiOutputClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "MultiOutputRegressor": {"estimator": Ridge()},
    "OneVsOneClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "OneVsRestClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "OutputCodeClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "Pipeline": {"steps": [("model", LogisticRegression(max_iter=1000))]},
    "RFE": {"estimator": LogisticRegression(max_iter=1000)},
    "RFECV": {"estimator": LogisticRegression(max_iter=1000)},
    "RegressorChain": {"estimator": Ridge()},
    "SelectFromModel": {"estimator": DecisionTreeClassifier(random_state=0)},
    "SelfTrainingClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "SequentialFeatureSelector": {"estimator": DecisionTreeClassifier(max_depth=2), "n_features_to_select": 2, "cv": 2},
    "SparseCoder": {"dictionary": np.eye(4)},
    "StackingClassifier": {
        "estimators": [("a", LogisticRegression(max_iter=1000)), ("b", DecisionTreeClassifier(max_depth=3))]
    },
    "StackingRegressor": {"estimators": [("a", LinearRegression()), ("b", Ridge())]},
    "TunedThresholdClassifierCV": {"estimator": LogisticRegression(max_iter=1000)},
    "VotingClassifier": {
        "estimators": [("a", LogisticRegression(max_iter=1000)), ("b", DecisionTreeClassifier(max_depth=3))]
    },
    "VotingRegressor": {"estimators": [("a", LinearRegression()), ("b", Ridge())]},
    "LocalOutlierFactor": {"novelty": True},
    "GaussianRandomProjection": {"n_components": 2},
    "SparseRandomProjection": {"n_components": 2},
    "PatchExtractor": {"patch_size": (2, 2)},
}

VARIANTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "LogisticRegression": [
        ("no intercept", {"fit_intercept": False}),
        ("elastic net", {"solver": "saga", "l1_ratio": 0.5, "max_iter": 5000}),
    ],
    "RidgeClassifier": [("no intercept", {"fit_intercept": False})],
    "SGDClassifier": [("log loss", {"loss": "log_loss"}), ("modified Huber", {"loss": "modified_huber"})],
    "NearestCentroid": [("shrunken", {"shrink_threshold": 0.2}), ("manhattan", {"metric": "manhattan"})],
    "GaussianNB": [("own shares", {"priors": [0.5, 0.3, 0.2]})],
    "BernoulliNB": [("no threshold", {"binarize": None, "force_alpha": True})],
    "DummyClassifier": [("commonest", {"strategy": "most_frequent"})],
    "DummyRegressor": [("quantile", {"strategy": "quantile", "quantile": 0.7})],
    "DecisionTreeClassifier": [("entropy", {"criterion": "entropy", "min_samples_leaf": 5, "ccp_alpha": 0.01})],
    "DecisionTreeRegressor": [("absolute", {"criterion": "absolute_error", "max_depth": 4})],
    "RandomForestClassifier": [("weighted", {"class_weight": "balanced", "max_leaf_nodes": 9})],
    "RandomForestRegressor": [("poisson", {"criterion": "poisson", "max_depth": 4})],
    "ExtraTreesClassifier": [("bootstrap", {"bootstrap": True, "max_depth": 5})],
    "AdaBoostRegressor": [("exponential", {"loss": "exponential"})],
    "GaussianProcessRegressor": [("normalised", {"normalize_y": True, "alpha": 0.1})],
    "NuSVC": [("sigmoid", {"kernel": "sigmoid", "nu": 0.2}), ("scores", {"decision_function_shape": "ovo"})],
    "SVR": [("linear", {"kernel": "linear"}), ("poly", {"kernel": "poly"})],
    "KernelRidge": [("rbf", {"kernel": "rbf", "gamma": 0.5}), ("poly", {"kernel": "poly"})],
    "MLPRegressor": [("tanh, two layers", {"activation": "tanh", "hidden_layer_sizes": (8, 4)})],
    "IsolationForest": [("contaminated", {"contamination": 0.1, "max_features": 0.5})],
    "OneClassSVM": [("linear", {"kernel": "linear"})],
    "KMeans": [("two runs", {"n_init": 2, "n_clusters": 3})],
    "BayesianGaussianMixture": [("tied", {"covariance_type": "tied", "n_components": 2})],
    "StandardScaler": [("no mean", {"with_mean": False}), ("no scale", {"with_std": False})],
    "MinMaxScaler": [("clipped", {"clip": True, "feature_range": (-1, 2)})],
    "RobustScaler": [("unit variance", {"unit_variance": True, "quantile_range": (10, 90)})],
    "TargetEncoder": [("no smoothing", {"smooth": 0.0})],
    "IterativeImputer": [("median first", {"initial_strategy": "median", "add_indicator": True})],
    "MissingIndicator": [("all columns", {"features": "all"})],
    "FastICA": [("two, whitened", {"n_components": 2, "whiten": "arbitrary-variance"})],
    "Nystroem": [("poly", {"kernel": "poly", "n_components": 12}), ("cosine", {"kernel": "cosine", "n_components": 3})],
    "SparseCoder": [("threshold", {"transform_algorithm": "threshold", "transform_alpha": 0.2})],
    "OneVsOneClassifier": [("margins", {"estimator": LinearSVC()})],
    "OneVsRestClassifier": [("margins", {"estimator": LinearSVC()})],
    "BaggingClassifier": [("logistic", {"estimator": LogisticRegression(max_iter=1000), "max_samples": 0.5})],
    "AdaBoostClassifier": [("deeper", {"estimator": DecisionTreeClassifier(max_depth=3), "n_estimators": 10})],
    "SelfTrainingClassifier": [("k best", {"criterion": "k_best"})],
    "TransformedTargetRegressor": [("logarithm", {"func": np.log1p, "inverse_func": np.expm1})],
    "FunctionTransformer": [("logarithm", {"func": np.log1p}), ("square", {"func": np.square})],
    "Binarizer": [("above 2", {"threshold": 2.0})],
    "TfidfTransformer": [("sublinear", {"sublinear_tf": True, "norm": "l1"})],
    "HashingVectorizer": [("unsigned", {"alternate_sign": False, "norm": None, "n_features": 64})],
    "OneHotEncoder": [
        ("ignore", {"handle_unknown": "ignore"}),
        ("drop first", {"drop": "first"}),
        ("infrequent", {"handle_unknown": "infrequent_if_exist", "min_frequency": 0.2}),
    ],
    "OrdinalEncoder": [("unknown −1", {"handle_unknown": "use_encoded_value", "unknown_value": -1})],
    "SVC": [
        ("linear", {"kernel": "linear"}),
        ("poly", {"kernel": "poly"}),
        ("ovo", {"decision_function_shape": "ovo"}),
    ],
    "KNeighborsClassifier": [("distance", {"weights": "distance"}), ("manhattan", {"metric": "manhattan"})],
    "KNeighborsRegressor": [("distance", {"weights": "distance"})],
    "GradientBoostingClassifier": [
        ("zero init", {"init": "zero"}),
        ("a tree first", {"init": DecisionTreeClassifier(max_depth=2), "n_estimators": 20}),
    ],
    "GradientBoostingRegressor": [("ridge first", {"init": Ridge(), "n_estimators": 20})],
    "HistGradientBoostingRegressor": [("poisson", {"loss": "poisson"}), ("absolute", {"loss": "absolute_error"})],
    "CalibratedClassifierCV": [
        ("isotonic", {"method": "isotonic"}),
        ("one model", {"ensemble": False}),
        ("temperature", {"method": "temperature"}),
    ],
    "GaussianMixture": [
        ("tied", {"covariance_type": "tied", "n_components": 2}),
        ("diag", {"covariance_type": "diag", "n_components": 2}),
        ("spherical", {"covariance_type": "spherical", "n_components": 2}),
    ],
    "MLPClassifier": [("tanh", {"activation": "tanh"}), ("logistic", {"activation": "logistic"})],
    "VotingClassifier": [("soft", {"voting": "soft"})],
    "StackingClassifier": [("passthrough", {"passthrough": True})],
    "SimpleImputer": [("median", {"strategy": "median"}), ("indicator", {"add_indicator": True})],
    "KBinsDiscretizer": [("ordinal", {"encode": "ordinal"}), ("uniform", {"strategy": "uniform", "encode": "ordinal"})],
    "PowerTransformer": [("box-cox", {"method": "box-cox"})],
    "QuantileTransformer": [("normal", {"output_distribution": "normal"})],
    "SplineTransformer": [("linear", {"extrapolation": "linear"}), ("periodic", {"extrapolation": "periodic"})],
    "PolynomialFeatures": [("interactions", {"interaction_only": True})],
    "Normalizer": [("l1", {"norm": "l1"}), ("max", {"norm": "max"})],
    "PCA": [("whiten", {"whiten": True})],
    "KernelPCA": [("rbf, five components", {"kernel": "rbf", "n_components": 5})],
    "LinearDiscriminantAnalysis": [("lsqr", {"solver": "lsqr"})],
    "TfidfVectorizer": [
        ("char_wb", {"analyzer": "char_wb", "ngram_range": (2, 3)}),
        ("accents", {"strip_accents": "unicode"}),
    ],
    "CountVectorizer": [("bigrams", {"ngram_range": (1, 2)}), ("binary", {"binary": True})],
}
