"""Pipelines and models of `transformers`: the answers of the sealed file are those of the pipeline itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("small_models", reason="transformers is not installed: make test-torch")

import numpy as np
import torch
import transformers
from small_models import LABELS, TAGS, TEXTS, image_model, image_processor, pictures, text_model, tokenizer

import sealift
from sealift.contract.outputs.token_spans import STRATEGIES, spans_of
from sealift.errors import PackError
from sealift.packing.bundles import ModelParts
from sealift.packing.bundles.huggingface import UNBUNDLER
from sealift.packing.bundles.pipelines import parts_of
from sealift.serve import values

NATIVE = sealift.ProofOptions(engines=("native",))


def pack(folder: Path, model: Any, X: Any, **options: Any) -> Any:
    return sealift.pack(model, X, name="m", output=folder / "m.seal", proof=NATIVE, **options)


def by_label(parts: Any) -> dict[str, float]:
    return {each["label"]: each["score"] for each in parts}


def test_text_classification(tmp_path: Path) -> None:
    model, own = text_model("SequenceClassification", LABELS), tokenizer()
    pipe = transformers.pipeline("text-classification", model=model, tokenizer=own, truncation=True, max_length=12)
    packed = pack(tmp_path, pipe, TEXTS)
    assert packed.report.passed
    sealed = packed.load()
    answers = sealed.predict(TEXTS, as_frame=True)
    for (_, row), whole, best in zip(answers.iterrows(), pipe(TEXTS, top_k=None), pipe(TEXTS), strict=True):
        assert row["label_name"] == best["label"]
        for label, score in by_label(whole).items():
            assert row[f"probability_{label}"] == pytest.approx(score, abs=1e-5)
    assert sealed.notes(TEXTS)[4]["text"] == "50 of 60 tokens cut off"


@pytest.mark.filterwarnings("ignore:Tokenizer does not support real words")
def test_token_classification(tmp_path: Path) -> None:
    model, own = text_model("TokenClassification", TAGS), tokenizer()
    pipe = transformers.pipeline("token-classification", model=model, tokenizer=own, aggregation_strategy="average")
    packed = pack(tmp_path, pipe, TEXTS)
    assert packed.report.passed
    sealed = packed.load()
    answers = sealed.predict(TEXTS)
    rows = [row["spans"] for row in values.rows(sealed.contract, answers)]
    assert rows == [spans_of(row, list(TAGS.values()), "average", ["O"]) for row in answers["spans"].tolist()]
    assert sum(map(len, rows)) > 5
    for strategy in STRATEGIES:
        pipe = transformers.pipeline("token-classification", model=model, tokenizer=own, aggregation_strategy=strategy)
        for text, tokens in zip(TEXTS, answers["spans"].tolist(), strict=True):
            expected = pipe(text) if text else []
            spans = spans_of(tokens, list(TAGS.values()), strategy, ["O"])
            assert [(span["start"], span["end"], span["label"]) for span in spans] == [
                (each["start"], each["end"], each.get("entity_group", each.get("entity"))) for each in expected
            ]
            assert [span["score"] for span in spans] == pytest.approx([each["score"] for each in expected], abs=1e-5)


def test_sets_of_labels_and_other_functions(tmp_path: Path) -> None:
    own = image_processor()
    model = image_model("ViTForImageClassification", LABELS, problem_type="multi_label_classification")
    pipe = transformers.pipeline("image-classification", model=model, image_processor=own)
    sealed = pack(tmp_path, pipe, pictures()).load()
    for picture, row in zip(pictures(), values.rows(sealed.contract, sealed.predict(pictures())), strict=True):
        assert set(row["labels"]) == {each["label"] for each in pipe(picture) if each["score"] >= 0.5}


@pytest.mark.parametrize(
    ("options", "kind"),
    [({"function_to_apply": "sigmoid"}, sealift.Classes), ({"function_to_apply": "none"}, sealift.Value), ({}, None)],
)
def test_functions_of_logits(options: dict[str, Any], kind: type | None) -> None:
    own, problem = image_processor(), None if kind else "regression"
    model = image_model("ViTForImageClassification", LABELS, problem_type=problem)
    pipe = transformers.pipeline("image-classification", model=model, image_processor=own, **options)
    _, _, head = parts_of(pipe)
    assert isinstance(head, kind or sealift.Value)
    with torch.no_grad():
        logits = model(**own(pictures(), return_tensors="pt")).logits.numpy()
    numbers = head.answer([logits], None)[-1]
    for row, whole in zip(numbers, pipe(pictures()), strict=True):
        assert sorted(row, reverse=True) == pytest.approx([each["score"] for each in whole], abs=1e-5)


def test_image_classification(tmp_path: Path) -> None:
    model, own = image_model("ViTForImageClassification", LABELS), image_processor()
    pipe = transformers.pipeline("image-classification", model=model, image_processor=own)
    packed = pack(tmp_path, pipe, pictures())
    assert packed.report.passed
    answers = packed.load().predict(pictures(), as_frame=True)
    for (_, row), whole in zip(answers.iterrows(), pipe(pictures()), strict=True):
        assert row["label_name"] == whole[0]["label"]
        assert [row[f"probability_{each['label']}"] for each in whole] == pytest.approx(
            [each["score"] for each in whole], abs=1e-5
        )


def test_object_detection(tmp_path: Path) -> None:
    labels = {0: "car", 1: "bus"}
    model = image_model("YolosForObjectDetection", labels, image_size=[32, 32], num_detection_tokens=7)
    with torch.no_grad():
        list(model.class_labels_classifier.parameters())[-1][-1] -= 30  # that of no object
    own = image_processor("YolosImageProcessor")
    pipe = transformers.pipeline("object-detection", model=model, image_processor=own, threshold=0.4)
    packed = pack(tmp_path, pipe, pictures())
    assert packed.report.passed
    sealed = packed.load()
    rows = list(values.rows(sealed.contract, sealed.predict(pictures())))
    assert sum(len(row["boxes"]) for row in rows) > 3
    for picture, row in zip(pictures(), rows, strict=True):
        expected = sorted(pipe(picture), key=lambda each: -each["score"])
        boxes = sorted(row["boxes"], key=lambda each: -each["score"])
        assert [each["class"] for each in boxes] == [each["label"] for each in expected]
        assert [each["score"] for each in boxes] == pytest.approx([each["score"] for each in expected], abs=1e-4)
        for one, two in zip(boxes, expected, strict=True):
            corners = [two["box"][side] for side in ("xmin", "ymin", "xmax", "ymax")]  # rounded towards 0, not clipped
            inside = np.clip(corners, 0, [*picture.size, *picture.size])
            assert np.abs(np.array(one["box"]) - inside).max() <= 1


def test_a_model_with_its_processor_has_the_labels_of_its_configuration(tmp_path: Path) -> None:
    model = text_model("SequenceClassification", LABELS)
    packed = pack(tmp_path, model, TEXTS, preprocess=tokenizer(None))
    assert packed.contract.output("label").class_names == tuple(LABELS.values())
    assert packed.load().notes(TEXTS)[4]["text"] == "22 of 60 tokens cut off"  # at the 40 positions of the model
    given = ModelParts(image_model("ViTForImageClassification", LABELS), pictures(), image_processor())
    labelled, named = UNBUNDLER.unbundle(given), UNBUNDLER.unbundle(given._replace(class_names=["a", "b", "c"]))
    assert labelled is not None
    assert labelled.outputs.names == tuple(LABELS.values())
    assert named is not None
    assert named.outputs is None


@pytest.mark.parametrize(
    ("task", "kind", "reason"),
    [
        ("zero-shot-classification", "SequenceClassification", "labels are part of each call"),
        ("feature-extraction", "TokenClassification", "a vector for each token"),
        ("fill-mask", "MaskedLM", "not supported"),
    ],
)
def test_pipelines_that_are_refused(task: str, kind: str, reason: str) -> None:
    pipe = transformers.pipeline(task, model=text_model(kind, LABELS), tokenizer=tokenizer())
    with pytest.raises(PackError, match=reason) as caught:
        sealift.pack(pipe, TEXTS, name="m")
    assert caught.value.code == "E325"


def test_options_that_are_refused() -> None:
    model = text_model("TokenClassification", TAGS)
    pipe = transformers.pipeline(
        "token-classification", model=model, tokenizer=tokenizer(), aggregation_strategy="simple", stride=4
    )
    with pytest.raises(PackError, match="stride") as caught:
        sealift.pack(pipe, TEXTS, name="m")
    assert caught.value.code == "E325"
    with pytest.raises(PackError, match="its own preprocessing"):
        sealift.pack(pipe, TEXTS, name="m", preprocess=tokenizer())
    labels = {0: "car", 1: "bus"}
    net = image_model("YolosForObjectDetection", labels, image_size=[32, 32], num_detection_tokens=7)
    own = image_processor("YolosImageProcessor", size={"shortest_edge": 32, "longest_edge": 64})
    with pytest.raises(PackError, match="different sizes"):
        sealift.pack(net, pictures(), name="m", preprocess=own)


def test_a_tokenizer_of_another_model() -> None:
    own = tokenizer()
    own.add_tokens(["metoprolol"])
    with pytest.raises(PackError, match="token id 22, but the model has embeddings for 22 tokens") as caught:
        sealift.pack(text_model("SequenceClassification", LABELS), TEXTS, name="m", preprocess=own)
    assert caught.value.code == "E326"


def test_pictures_of_another_size() -> None:
    own = image_processor(size={"height": 48, "width": 48})
    with pytest.raises(PackError, match="48"):
        sealift.pack(image_model("ViTForImageClassification", LABELS), pictures(), name="m", preprocess=own)
