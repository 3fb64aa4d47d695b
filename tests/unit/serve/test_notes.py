"""Notes of the tokenizer stage in the answers of the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tokenizers import Tokenizer

import sealift
from sealift.serve.http.messages import Request, RequestLimits
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from text_nets import TEXTS, net
from token_texts import built


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Plane:
    tokenizer = Tokenizer.from_str(built("bert").to_str())
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    packed = sealift.pack(
        net(tokenizer.get_vocab_size()),
        TEXTS,
        name="notes",
        output=tmp_path_factory.mktemp("notes") / "notes.seal",
        preprocess=tokenizer,
        proof=sealift.ProofOptions(engines=("native",)),
    )
    model = ServedModel("notes", packed.load())
    model.prepare()
    return Plane([model])


def ask(plane: Plane, body: Any) -> Any:
    request = Request("POST", "/v1/models/notes/predict", {}, json.dumps(body).encode(), RequestLimits())
    response = respond(Service(plane), request)
    assert response.status == 200, response.body
    return json.loads(response.body)


LONG = "knee " * 200


def test_a_text_that_is_cut(plane: Plane) -> None:
    note = {"field": "text", "note": "778 of 800 tokens cut off"}
    for body in ({"text": LONG}, [{"text": LONG}], [[LONG]], {"text": [LONG]}):
        assert ask(plane, body)["notes"] == [{"row": 1, **note}]
    answer = ask(plane, [{"text": TEXTS[0]}, {"text": LONG}, {"text": TEXTS[1]}])
    assert answer["notes"] == [{"row": 2, **note}]
    assert len(answer["answers"]) == 3


def test_rows_with_problems_keep_their_numbers(plane: Plane) -> None:
    answer = ask(plane, [{"text": 7}, {"text": LONG}])
    assert [problem["row"] for problem in answer["problems"]] == [1]
    assert [note["row"] for note in answer["notes"]] == [2]


def test_other_texts_have_no_notes(plane: Plane) -> None:
    assert "notes" not in ask(plane, {"text": TEXTS[0]})
