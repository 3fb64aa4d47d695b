"""What the caller says of the model: taken over where it makes sense, else refused with the remedy."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import sealift
from packs import member, no_node, text  # noqa: F401 - a fixture
from sealift.contract import ABOUT, Headline
from sealift.errors import SealiftError

RANDOM = np.random.default_rng(11)
N = 80
FRAME = pd.DataFrame(
    {
        "age": RANDOM.integers(20, 80, N).astype(float),
        "dose": RANDOM.normal(5, 1, N),
        "sex": np.array(["f", "m"], dtype=object)[RANDOM.integers(0, 2, N)],
    }
)
Y = (FRAME["age"] + 5 * FRAME["dose"] > 75).astype(int).to_numpy()
MODEL = make_pipeline(
    make_column_transformer((StandardScaler(), ["age", "dose"]), (OneHotEncoder(), ["sex"])), LogisticRegression()
).fit(FRAME, Y)
REGRESSION = LinearRegression().fit(FRAME[["age", "dose"]], FRAME["age"])


def pack(path: Path, model: Any = MODEL, X: Any = FRAME, **rest: Any) -> sealift.packing.Packed:
    return sealift.pack(model, X, **{"name": "model", "output": path / "model.seal", **rest})


def test_all_options_of_pack(tmp_path: Path) -> None:
    packed = pack(
        tmp_path,
        y=Y,
        version="2.1+b",
        contract=sealift.ContractOptions(
            fields={
                "age": {"units": "years", "range": (0, 120), "description": "Age at the visit", "personal": True},
                "sex": {"title": "Sex at birth", "personal": True},
                "dose": {"range": [None, 50.0], "typical": 4.0},
            },
            class_names={0: "healthy", 1: "ill"},
            headline=("probability", 0),
        ),
        card={
            "title": "Heart risk",
            "description": "Tells who is at risk.",
            "author": "A | B",
            "license": 'MIT "or" so\n',
            "pitfalls": "None known.",
        },
        proof=sealift.ProofOptions(tolerance=1e-7),
    )
    age, dose, sex = packed.contract.inputs
    assert (age.units, age.range, age.personal) == ("years", (0.0, 120.0), True)
    assert (dose.range, dose.typical, sex.title) == ((None, 50.0), 4.0, "Sex at birth")
    assert packed.contract.headline == Headline("probability", 0)
    assert packed.contract.output("label").class_names == ("healthy", "ill")
    assert packed.contract.output("probability").class_names == ("healthy", "ill")
    assert packed.load().version == "2.1+b"
    assert packed.load().contract == packed.contract
    assert member(packed, "golden/examples.json")["tolerance"]["probability"]["relative"] == 1e-7
    assert packed.load().self_test().passed
    card = text(packed, "card.md")
    front = card.split("---\n")[1].splitlines()
    assert front == [
        "library_name: sealift",
        "tags: [classification, tabular, onnx, sealed]",
        'license: "MIT \\"or\\" so"',
    ]
    assert "# Heart risk" in card
    assert "Age at the visit" in card


def test_a_card_is_a_model_card_or_a_mapping(tmp_path: Path) -> None:
    texts = {"title": "T", "description": "D.", "when_to_use": "W", "contact": "a@b.example", "review_date": "2027-01"}
    cards: list[Any] = [sealift.ModelCard(**texts), texts, MappingProxyType(texts)]
    for card in cards:
        contract = pack(tmp_path, card=card, proof=sealift.ProofOptions(engines=("native",))).contract
        assert (contract.title, contract.description) == ("T", "D.")
        assert contract.about == {key: texts[key] for key in ("when_to_use", "contact", "review_date")}
    empty = pack(tmp_path, card=sealift.ModelCard()).contract
    assert (empty.title, empty.description, empty.about) == ("", "", {})
    with pytest.raises(TypeError, match="autor"):
        sealift.ModelCard(autor="me")  # type: ignore[call-arg]
    with pytest.raises(SealiftError) as caught:
        sealift.ModelCard(author=5)  # type: ignore[arg-type]
    assert caught.value.code == "E304"
    # What the contract holds as `about`, the card has too.
    assert {*ABOUT, "title", "description"} == {field.name for field in dataclasses.fields(sealift.ModelCard)}


def test_class_names_as_a_list_and_the_usual_headline(tmp_path: Path) -> None:
    packed = pack(tmp_path, contract=sealift.ContractOptions(class_names=["no", "yes"]))
    assert packed.contract.output("label").class_names == ("no", "yes")
    assert packed.contract.headline == Headline("probability", 1)
    assert pack(tmp_path, contract=sealift.ContractOptions(headline="label")).contract.headline == Headline("label")
    assert pack(
        tmp_path, contract=sealift.ContractOptions(headline=("probability", np.int64(1)))
    ).contract.headline == Headline("probability", 1)


def _grouped(options: dict[str, Any]) -> dict[str, Any]:
    """The options of `NONSENSE` as arguments of `pack`."""
    groups: dict[str, Any] = {"contract": sealift.ContractOptions, "proof": sealift.ProofOptions}
    grouped = {key: {f.name for f in dataclasses.fields(kind)} & set(options) for key, kind in groups.items()}
    made = {key: groups[key](**{name: options[name] for name in names}) for key, names in grouped.items() if names}
    return {key: value for key, value in options.items() if not any(key in names for names in grouped.values())} | made


NONSENSE: dict[str, dict[str, Any]] = {
    "a name with spaces": {"name": "heart risk"},
    "no name": {"name": ""},
    "a name that is a number": {"name": 5},
    "no version": {"version": ""},
    "a version that is a number": {"version": 2},
    "fields of no input": {"fields": {"agee": {"units": "years"}}},
    "fields without a dict": {"fields": {"age": "years"}},
    "fields with an unknown key": {"fields": {"age": {"unit": "years"}}},
    "fields with another dtype": {"fields": {"age": {"dtype": "string"}}},
    "fields with another name": {"fields": {"age": {"name": "years"}}},
    "fields that allow what the model refuses": {"fields": {"age": {"missing": "allowed"}}},
    "fields that allow a category": {"fields": {"sex": {"categories": ["f", "m", "x"]}}},
    "fields that allow any category": {"fields": {"sex": {"unknown": "allowed"}}},
    "too few class names": {"class_names": ["only"]},
    "class names that are numbers": {"class_names": [0, 1]},
    "class names that are one text": {"class_names": "ab"},
    "a class name twice": {"class_names": ["a", "a"]},
    "an empty class name": {"class_names": ["", "a"]},
    "class names without a class": {"class_names": {0: "healthy"}},
    "class names of no class": {"class_names": {0: "healthy", 1: "ill", 2: "dead"}},
    "a headline that is no output": {"headline": "probabilities"},
    "a headline of no class": {"headline": ("probability", 7)},
    "a headline of a class that only equals one": {"headline": ("probability", True)},
    "a headline's class where there are no columns": {"headline": ("label", 1)},
    "a headline of three": {"headline": ("probability", 1, 2)},
    "a headline that is a number": {"headline": 1},
    "a negative tolerance": {"tolerance": -1e-6},
    "no tolerance": {"tolerance": 0.0},
    "every tolerance": {"tolerance": float("inf")},
    "a tolerance that is none": {"tolerance": float("nan")},
    "a tolerance of text": {"tolerance": "1e-6"},
    "a card with an unknown key": {"card": {"autor": "me"}},
    "a card with a key that is a number": {"card": {5: "me"}},
    "a card with a number": {"card": {"author": 5}},
    "a card without a dict": {"card": "me"},
    "a title that is a number": {"card": {"title": 5}},
    "a description that is none": {"card": {"description": None}},
    "a title that is no Unicode": {"card": {"title": "\ud800"}},
    "a contract that is a dict": {"contract": {"fields": {}}},
    "a proof that is a number": {"proof": 1e-6},
    "privacy that is a word": {"privacy": "strict"},
    "class names for regression": {"model": REGRESSION, "X": FRAME[["age", "dose"]], "class_names": ["a", "b"]},
    "a class for regression": {"model": REGRESSION, "X": FRAME[["age", "dose"]], "headline": ("value", 1)},
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_refused_with_a_remedy(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SealiftError) as caught:
        pack(tmp_path, **_grouped(NONSENSE[kind]))
    assert caught.value.code == "E304"
    assert caught.value.fix
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "changes",
    [
        {"range": (5, 1)},
        {"range": "0-9"},
        {"range": (0, float("nan"))},
        {"units": 3},
        {"personal": "yes"},
        {"missing": 1},
    ],
)
def test_a_description_that_contradicts_itself(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SealiftError) as caught:
        pack(tmp_path, contract=sealift.ContractOptions(fields={"age": changes}))
    assert caught.value.code == "E106"
    assert '"age"' in caught.value.where


def test_a_range_that_refuses_some_rows_is_noted_and_all_rows_is_an_error(tmp_path: Path) -> None:
    packed = pack(tmp_path, contract=sealift.ContractOptions(fields={"age": {"range": (40, 120)}}))
    lost = int((FRAME["age"] < 40).sum())
    assert packed.report.compared["caller"] == N - lost
    assert any(note.startswith(f"{lost} of the {N} rows") for note in packed.notes)
    for kept in (False, True):
        with pytest.raises(SealiftError) as caught:
            pack(
                tmp_path,
                contract=sealift.ContractOptions(fields={"age": {"range": (400, 500)}}),
                privacy=sealift.PrivacyOptions(keep_rows=kept),
            )
        assert caught.value.code == "E305"
        assert "age" in caught.value.where


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (None, "E304"),
        (5, "E304"),
        (LogisticRegression, "E304"),
        ({"a": 1}, "E304"),
        ("model.pkl", "E401"),  # a path, of a file that is not there
        (lambda rows: rows, "E302"),  # a function, which gives the strings of its rows
    ],
)
def test_what_is_no_model(model: Any, code: str, tmp_path: Path) -> None:
    with pytest.raises(SealiftError) as caught:
        pack(tmp_path, model=model)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "model",
    [LogisticRegression(), StandardScaler(), make_pipeline(StandardScaler(), LogisticRegression())],
    ids=lambda model: type(model).__name__,
)
def test_what_was_never_fitted(model: Any, tmp_path: Path) -> None:
    with pytest.raises(SealiftError) as caught:
        pack(tmp_path, model=model, X=FRAME[["age", "dose"]])
    assert caught.value.code == "E301"
    assert not list(tmp_path.iterdir())


def test_the_output_is_named_after_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    packed = sealift.pack(MODEL, FRAME, name="heart-risk", output=None)
    assert packed.path == Path("heart-risk.seal")
    assert packed.identity == packed.load().identity
