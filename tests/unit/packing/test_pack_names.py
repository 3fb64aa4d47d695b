"""Names for people: outputs, their columns, categories; and whole numbers of few values as choices."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

import sealift
from packs import member, no_node, text  # noqa: F401 - a fixture
from sealift.batch import score
from sealift.cli.contract_file import read_contract_file
from sealift.errors import PackError, SealiftError

RANDOM = np.random.default_rng(5)
N = 120
X = pd.DataFrame(
    {
        "area": RANDOM.normal(100, 20, N).round(1),
        "garden": np.arange(N) % 2,
        "grade": np.arange(N) % 4 + 1,
        "rooms": RANDOM.integers(1, 40, N),
        "smoker": np.where(np.arange(N) % 7 == 0, np.nan, np.arange(N) % 2),
        "warm": np.arange(N) % 3 == 0,
    }
)
FILLED = X.fillna(0.0)
PRICE = pd.Series(FILLED["area"] * 9000.0 + FILLED["garden"] * 1e5, name="price")
TWO = pd.DataFrame({"price": PRICE, "rent": FILLED["area"] * 14.0})
ILL = (FILLED["area"] > 100).astype(int)


def pack(path: Path, model: Any, rows: Any, y: Any = None, **rest: Any) -> sealift.packing.Packed:
    return sealift.pack(model, rows, y, name="named", output=path / "named.seal", **rest)


def regression(path: Path, **rest: Any) -> sealift.packing.Packed:
    return pack(path, LinearRegression().fit(FILLED, PRICE), FILLED, **rest)


def test_units_and_title_of_an_output(tmp_path: Path) -> None:
    packed = regression(
        tmp_path,
        contract=sealift.ContractOptions(
            outputs={"value": {"units": "€", "title": "Price", "description": "Of 2024."}}
        ),
    )
    value = packed.load().contract.output("value")
    assert (value.title, value.units, value.description) == ("Price", "€", "Of 2024.")
    assert "| value | Price. Of 2024. | € | value |" in text(packed, "card.md")


def test_the_name_of_y_is_the_title(tmp_path: Path) -> None:
    assert regression(tmp_path, y=PRICE).contract.output("value").title == "price"
    assert regression(tmp_path, y=PRICE.to_frame()).contract.output("value").title == "price"
    assert regression(tmp_path, y=PRICE.to_numpy()).contract.output("value").title == ""
    packed = regression(tmp_path, y=PRICE, contract=sealift.ContractOptions(outputs={"value": {"title": "Price"}}))
    assert packed.contract.output("value").title == "Price"


def test_the_names_of_several_targets(tmp_path: Path) -> None:
    model = LinearRegression().fit(FILLED, TWO)
    packed = pack(tmp_path, model, FILLED, TWO)
    assert packed.contract.output("value").columns == ("price", "rent")
    assert pack(tmp_path, model, FILLED).contract.output("value").column_names == ["value_0", "value_1"]
    packed = pack(
        tmp_path,
        model,
        FILLED,
        TWO,
        contract=sealift.ContractOptions(outputs={"value": {"columns": ["Price", "Rent"]}}),
    )
    assert packed.contract.output("value").column_names == ["value_Price", "value_Rent"]
    FILLED.to_csv(tmp_path / "rows.csv", index=False)
    score(packed.load(), tmp_path / "rows.csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open() as lines:
        assert next(csv.reader(lines)) == ["row", "value_Price", "value_Rent", "error"]


def test_the_names_of_several_classified_targets(tmp_path: Path) -> None:
    targets = pd.DataFrame({"ill": ILL, "old": FILLED["grade"]})
    model = KNeighborsClassifier(3).fit(FILLED.to_numpy(), targets.to_numpy())
    outputs = pack(tmp_path, model, FILLED.to_numpy(), targets).contract.outputs
    assert outputs[0].column_names == ["label_ill", "label_old"]
    assert outputs[1].column_names == [
        "probability_ill_0", "probability_ill_1", *(f"probability_old_{grade}" for grade in (1, 2, 3, 4)),
    ]  # fmt: skip
    # Names that would give two columns one name are left out: target "a_0", class 1 and target "a", class "0_1".
    twice = pd.DataFrame({"a_0": ILL, "a": np.where(ILL, "0_1", "0_0")})
    model = KNeighborsClassifier(3).fit(FILLED.to_numpy(), twice.to_numpy().astype(str))
    outputs = pack(tmp_path, model, FILLED.to_numpy(), twice.astype(str)).contract.outputs
    assert outputs[0].column_names == ["label_a_0", "label_a"]
    assert outputs[1].column_names == [f"probability_{name}" for name in ("0_0", "0_1", "1_0_0", "1_0_1")]


def test_the_names_of_features(tmp_path: Path) -> None:
    packed = pack(tmp_path, make_pipeline(PolynomialFeatures(1), PCA(2)).fit(FILLED[["area", "rooms"]]),
                  FILLED[["area", "rooms"]])  # fmt: skip
    assert packed.contract.output("features").column_names == ["features_pca0", "features_pca1"]


def test_class_names_are_the_names_of_the_columns(tmp_path: Path) -> None:
    packed = pack(
        tmp_path,
        LogisticRegression(max_iter=5000).fit(FILLED, ILL),
        FILLED,
        contract=sealift.ContractOptions(class_names=["healthy", "ill"]),
    )
    names = [name for output in packed.contract.outputs for name in output.column_names]
    assert names == ["label", "probability_healthy", "probability_ill"]


def test_whole_numbers_of_few_values_are_choices(tmp_path: Path) -> None:
    inputs = {field.name: field for field in regression(tmp_path).contract.inputs}
    assert inputs["garden"].categories == (0, 1)
    assert inputs["grade"].categories == (1, 2, 3, 4)
    assert inputs["smoker"].categories == (0.0, 1.0)
    assert inputs["rooms"].categories is None
    assert inputs["area"].categories is None
    assert {inputs[name].unknown for name in ("garden", "grade", "smoker")} == {"allowed"}
    assert inputs["garden"].typical in (0, 1)


def test_a_rare_number_and_few_rows_make_no_choices(tmp_path: Path) -> None:
    rare = FILLED.assign(garden=[2, *FILLED["garden"][1:]])
    inputs = {field.name: field for field in pack(tmp_path, LinearRegression().fit(rare, PRICE), rare).contract.inputs}
    assert inputs["garden"].categories is None, "a value that fewer than five rows have is not listed"
    few = pack(tmp_path, LinearRegression().fit(FILLED, PRICE), FILLED[:20]).contract.inputs
    assert all(field.categories is None for field in few)


def test_generated_examples_hold_the_values_of_choices(tmp_path: Path) -> None:
    packed = regression(tmp_path)
    at = packed.contract.index["smoker"]
    background = [row[at] for row in member(packed, "reference/background.json")["rows"]]
    assert set(background) <= {0, 1}


@pytest.mark.parametrize("names", [{0: "no", 1: "yes"}, {1: "yes", 0: "no"}, {"0": "no", "1": "yes"}, ["no", "yes"]])
def test_names_of_categories(tmp_path: Path, names: Any) -> None:
    packed = regression(
        tmp_path,
        contract=sealift.ContractOptions(
            fields={name: {"category_names": names} for name in ("garden", "smoker", "warm")}
        ),
    )
    inputs = {field.name: field for field in packed.load().contract.inputs}
    assert (inputs["garden"].categories, inputs["garden"].category_names) == ((0, 1), ("no", "yes"))
    assert (inputs["smoker"].categories, inputs["smoker"].category_names) == ((0.0, 1.0), ("no", "yes"))
    assert (inputs["warm"].categories, inputs["warm"].category_names) == ((False, True), ("no", "yes"))
    assert "0 = no, 1 = yes or others" in text(packed, "card.md")


def test_a_code_book_adds_categories_where_the_model_knows_none(tmp_path: Path) -> None:
    book = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V"}
    packed = regression(
        tmp_path,
        contract=sealift.ContractOptions(
            fields={"grade": {"category_names": book}, "rooms": {"category_names": {1: "one"}}}
        ),
    )
    inputs = {field.name: field for field in packed.contract.inputs}
    assert inputs["grade"].categories == (1, 2, 3, 4, 5)
    assert inputs["grade"].category_names == ("I", "II", "III", "IV", "V")
    assert (inputs["rooms"].categories, inputs["rooms"].category_names) == ((1,), ("one",))


NONSENSE: dict[str, tuple[dict[str, Any], str]] = {
    "no output": ({"outputs": {"valu": {"units": "€"}}}, "Did you mean 'value'"),
    "an input as an output": ({"outputs": {"area": {"units": "m²"}}}, "describe it with fields"),
    "an output as an input": ({"fields": {"value": {"units": "€"}}}, "use outputs={'value'"),
    "outputs without a dict": ({"outputs": ["value"]}, "outputs={"),
    "an output without a dict": ({"outputs": {"value": "€"}}, "title, units"),
    "an unknown key": ({"outputs": {"value": {"unit": "€"}}}, "title, units"),
    "units that are a number": ({"outputs": {"value": {"units": 5}}}, "Give a str"),
    "columns of one number": ({"outputs": {"value": {"columns": ["price"]}}}, "Use title"),
    "a category that is none": ({"fields": {"warm": {"categories": [True], "category_names": {0: "no"}}}}, "[True]"),
    "a name too few": ({"fields": {"garden": {"category_names": ["no"]}}}, "in the order 0, 1"),
    "names as one text": ({"fields": {"garden": {"category_names": "ny"}}}, "in the order 0, 1"),
    "a name twice": ({"fields": {"garden": {"category_names": {0: "no", 1: "no"}}}}, "different name"),
    "a name that is a number": ({"fields": {"garden": {"category_names": {0: 5}}}}, "different name"),
    "a key of another type": ({"fields": {"garden": {"category_names": {"no": "no"}}}}, "column's values as keys"),
    "a list for a number of any value": ({"fields": {"rooms": {"category_names": ["a"]}}}, "Give a dict"),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_refused_with_a_remedy(kind: str, tmp_path: Path) -> None:
    arguments, fix = NONSENSE[kind]
    with pytest.raises(SealiftError) as caught:
        regression(tmp_path, contract=sealift.ContractOptions(**arguments))
    assert caught.value.code == "E304"
    assert fix.strip("[]") in caught.value.fix
    assert not list(tmp_path.iterdir())


def test_columns_that_do_not_fit(tmp_path: Path) -> None:
    model = LinearRegression().fit(FILLED, TWO)
    for columns in (["price"], ["a", "a"], ["a", ""], "ab", [1, 2]):
        with pytest.raises(PackError, match="2 different names"):
            pack(tmp_path, model, FILLED, contract=sealift.ContractOptions(outputs={"value": {"columns": columns}}))


def test_a_contract_file_names_outputs_classes_and_categories(tmp_path: Path) -> None:
    path = tmp_path / "options.toml"
    path.write_text(
        '[outputs.probability]\ntitle = "Risk"\n[inputs.garden]\ncategory_names = { 0 = "no", 1 = "yes" }\n'
        '[class_names]\n0 = "healthy"\n1 = "ill"\n'
    )
    model = LogisticRegression(max_iter=5000).fit(FILLED, ILL)
    contract = pack(tmp_path, model, FILLED, contract=read_contract_file(path).contract).contract
    assert contract.output("probability").title == "Risk"
    assert contract.output("label").class_names == ("healthy", "ill")
    assert contract.inputs[contract.index["garden"]].category_names == ("no", "yes")
    path.write_text('[outputs]\nvalue = "€"\n')
    with pytest.raises(SealiftError, match="outputs must contain one table for each name"):
        read_contract_file(path)


def test_texts_of_the_card_are_in_the_contract(tmp_path: Path) -> None:
    packed = regression(tmp_path, card={"author": "A. Example", "review_date": "2027-01-31"})
    assert packed.load().contract.about == {"author": "A. Example", "review_date": "2027-01-31"}
    assert "- To be reviewed by: 2027-01-31" in text(packed, "card.md")


def test_the_commonest_class_is_what_accuracy_is_compared_with(tmp_path: Path) -> None:
    """Right in 90 % of cases says little where one class has 90 %."""
    truth = np.where(np.arange(N) < N * 9 // 10, "alive", "died")
    model = LogisticRegression(max_iter=5000).fit(FILLED, truth)
    packed = pack(tmp_path, model, FILLED, truth)
    assert member(packed, "evidence.json")["baseline"] == {"class": "alive", "accuracy_score": 0.9}
    assert "Always answering the commonest class, alive, would have an accuracy_score of 0.9." in text(
        packed, "card.md"
    )
    assert member(regression(tmp_path, y=PRICE), "evidence.json")["baseline"] is None
    assert member(regression(tmp_path), "evidence.json")["baseline"] is None
