"""Labelled spans of texts: proved against the library `tokenizers`, and written as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.contract import Output
from sealift.contract.outputs import Tolerance, output_kind
from sealift.contract.outputs.token_spans import STRATEGIES, spans_of
from sealift.errors import ContractError, PackError
from sealift.serve import values
from sealift.serve.openapi.predict import of_output
from sealift.stages.tokenizer import TokenizerStage
from text_nets import TEXTS
from token_texts import built

pytestmark = pytest.mark.usefixtures("no_node")

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
FOLDER = Path(__file__).parents[3] / "spec/vectors"
VECTORS = json.loads((FOLDER / "spans.json").read_text(encoding="utf-8"))
STAGES = json.loads((FOLDER / "tokenizer.json").read_text(encoding="utf-8"))


def tagger(size: int, classes: int = len(NAMES)) -> onnx.ModelProto:
    """A net whose logits (rows, tokens, classes) depend on the token alone."""
    weights = np.random.default_rng(0).normal(scale=3, size=(size, classes)).astype(np.float32)
    body = helper.make_graph(
        [helper.make_node("Gather", ["weights", "input_ids"], ["logits"])],
        "tagger",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "length"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", "length", classes])],
        [numpy_helper.from_array(weights, "weights")],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def tokenizer(kind: str, side: str = "right", longest: int | None = 24) -> Tokenizer:
    made = Tokenizer.from_str(built(kind).to_str())
    made.no_truncation()
    if longest is not None:
        made.enable_truncation(longest)
    made.enable_padding(pad_id=0, pad_token=made.id_to_token(0), direction=side)
    return made


def pack(folder: Path, given: Tokenizer, **options: Any) -> Any:
    head = sealift.TokenLabels(NAMES, **options)
    proof = sealift.ProofOptions(engines=("native",))
    model = tagger(given.get_vocab_size())
    return sealift.pack(model, TEXTS, name="m", output=folder / "m.seal", preprocess=given, outputs=head, proof=proof)


@pytest.mark.parametrize(("kind", "side"), [("bert", "right"), ("bert", "left"), ("gpt2", "left")])
def test_spans_are_those_of_the_tokenizer(tmp_path: Path, kind: str, side: str) -> None:
    given = tokenizer(kind, side)
    packed = pack(tmp_path, given, aggregation="none", ignored=())
    assert packed.report.passed
    sealed = packed.load()
    assert "output:spans/1" in sealed.contract.requires
    texts = ["", "knee pain", "The scan of \u00c5ngstr\u00f6m shows \U0001f600 a nodule", "knee " * 60, *TEXTS[:5]]
    rows = values.rows(sealed.contract, sealed.predict(texts))
    given.no_padding()
    weights = numpy_helper.to_array(tagger(given.get_vocab_size()).graph.initializer[0]).astype(float)
    for text, row in zip(texts, rows, strict=True):
        encoding = given.encode(text)
        own = [i for i, special in enumerate(encoding.special_tokens_mask) if not special]
        powers = np.exp(weights[[encoding.ids[i] for i in own]])
        shares = powers / powers.sum(axis=1, keepdims=True)
        assert [(span["start"], span["end"]) for span in row["spans"]] == [encoding.offsets[i] for i in own]
        assert [span["label"] for span in row["spans"]] == [NAMES[place] for place in shares.argmax(axis=1)]
        assert [span["score"] for span in row["spans"]] == pytest.approx(shares.max(axis=1).tolist(), abs=1e-6)
    assert sealed.notes(["knee " * 60])[0]["text"].endswith("tokens cut off")
    assert sealed.self_test().passed


def test_answers_in_json_and_in_tables(tmp_path: Path) -> None:
    sealed = pack(tmp_path, tokenizer("bert"), aggregation="average").load()
    answers = sealed.predict(TEXTS)
    assert answers["spans"].shape == (len(TEXTS), 24, 3 + len(NAMES))
    rows = list(values.rows(sealed.contract, answers))
    assert {span["label"] for row in rows for span in row["spans"]} == {"PER", "LOC"}
    cells = sealed.predict(TEXTS, as_frame=True)["spans"]
    assert [json.loads(cell) for cell in cells] == [row["spans"] for row in rows]
    schema = of_output(sealed.contract.output("spans"))
    assert schema["items"]["required"] == ["start", "end", "label", "score"]
    table, out = tmp_path / "texts.csv", tmp_path / "answers.csv"
    table.write_text("text\n" + "\n".join(f'"{text}"' for text in TEXTS[:3]) + "\n", "utf-8")
    sealift.score(sealed, table, out)
    assert "start" in out.read_text("utf-8")


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["why"])
def test_vectors(case: dict[str, Any]) -> None:
    encoding = spans_of(case["tokens"], case["names"], case["aggregation"], case["ignored"])
    assert encoding == case["spans"]


def test_vectors_have_every_strategy() -> None:
    assert {case["aggregation"] for case in VECTORS["cases"]} == set(STRATEGIES)


@pytest.mark.parametrize("case", VECTORS["places"], ids=lambda case: f"{case['stage']} {case['case']}")
def test_places_of_tokens(case: dict[str, Any]) -> None:
    given = STAGES["stages"][case["stage"]]
    values = {key: STAGES["blobs"][digest] for key, digest in given["data"].items()}
    stage = TokenizerStage({**given["spec"], **values, "spans": case["spans"]})
    text = given["cases"][case["case"]]["text"]
    encoding = stage.encode(text)
    assert stage.places is not None
    places = stage.places.of(text, encoding.ids, encoding.spans, encoding.special)
    assert [number for place in places for number in place] == case["numbers"]


def test_a_malformed_rule() -> None:
    given = STAGES["stages"]["bert"]
    values = {key: STAGES["blobs"][digest] for key, digest in given["data"].items()}
    with pytest.raises(ValueError, match='spans must be "length" or "space"'):
        TokenizerStage({**given["spec"], **values, "spans": "words"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": (4, 6)}, "must be a number and 3 more than its classes"),
        ({"classes": None, "class_names": None}, "must have classes"),
        ({"settings": {"aggregation": "all", "ignored": []}}, "must be aggregation"),
        ({"settings": {"aggregation": "none", "ignored": [1]}}, "ignored must be a list of strings"),
        ({"dtype": "int64"}, "must be float64"),
    ],
)
def test_malformed_outputs(change: dict[str, Any], message: str) -> None:
    right: dict[str, Any] = {
        "name": "spans", "kind": "spans", "dtype": "float64", "shape": (4, 5), "classes": (0, 1),
        "class_names": ("O", "X"), "settings": {"aggregation": "none", "ignored": []},
    }  # fmt: skip
    Output(**right)
    with pytest.raises(ContractError, match=message):
        Output(**right | change)


def test_places_must_be_equal() -> None:
    kind = output_kind(Output(name="s", kind="spans", dtype="float64", shape=(1, 5), classes=(0, 1),
                              settings={"aggregation": "none", "ignored": []}))  # fmt: skip
    expected = np.array([[[3.0, 9000.0, 0.0, 0.25, 0.75]]])
    tolerance = Tolerance(1e-3, 1.0)
    assert kind.compare(expected + np.array([0, 0, 0, 1e-4, -1e-4]), expected, tolerance)[0].all()
    assert not kind.compare(expected + np.array([0, 1, 0, 0, 0]), expected, tolerance)[0].any()
    assert not kind.compare(expected + np.array([0, 0, 0, 1e-2, 0]), expected, tolerance)[0].any()
    assert not kind.compare(expected[:, :, :4], expected, tolerance)[0].any()


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="does not cut texts") as caught:
        pack(tmp_path, tokenizer("bert", longest=None))
    assert caught.value.code == "E353"
    model = tagger(built("bert").get_vocab_size(), 3)
    with pytest.raises(PackError, match=r"\(rows, tokens, 5\)") as caught:
        sealift.pack(model, TEXTS, name="m", preprocess=tokenizer("bert"), outputs=sealift.TokenLabels(NAMES))
    assert caught.value.code == "E351"
    with pytest.raises(PackError, match="'logits' has an entry for each token") as caught:
        sealift.pack(model, TEXTS, name="m", preprocess=tokenizer("bert"))
    assert caught.value.code == "E327"
    with pytest.raises(PackError, match="has no tokenizer") as caught:
        sealift.pack(tagger(9), np.zeros((6, 4), np.int64), name="m", outputs=sealift.TokenLabels(NAMES))
    assert caught.value.code == "E353"
    for wrong in ({"aggregation": "all"}, {"ignored": "O"}, {"ignored": [1]}):
        with pytest.raises(PackError) as caught:
            sealift.TokenLabels(NAMES, **wrong)
        assert caught.value.code == "E352"
