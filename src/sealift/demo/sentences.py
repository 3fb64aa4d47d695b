"""Sentences of documentation: a small net that reads text. Which library is a sentence from?

Source: the docstrings of NumPy, pandas, SciPy and scikit-learn, read from their installed files without importing them.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift.demo import enter
from sealift.demo.case import Case, Trained
from sealift.warning_filters import no_warnings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from onnx import ModelProto

_LIBRARIES = {"NumPy": "numpy", "pandas": "pandas", "SciPy": "scipy", "scikit-learn": "sklearn"}
_OF_EACH = 1600  # sentences at most
_SHOWN = 200
_WORDS = 4000  # tokens in the vocabulary
_PADDING, _UNKNOWN = "[PAD]", "[UNK]"
_LONGEST = 64  # tokens of a text that are used

_SECTION = re.compile(r"\n\s*(?:Parameters|Returns|Attributes|Examples?|Notes|See Also|References|Raises|Yields)\n")
_END = re.compile(r"(?<=\.)\s+(?=[A-Z])")
_MARKUP = re.compile(r">>>|::|\.\. |[`|<>]")

_CARD = {
    "title": "Which library is the sentence from?",
    "description": "Attributes a sentence of documentation to NumPy, pandas, SciPy or scikit-learn by its words.",
    "when_to_use": (
        "To try Sealift. The net was trained in a few seconds to show how a net is sealed with its tokenizer."
    ),
    "pitfalls": "Every text is attributed to one of the four libraries, also one that has nothing to do with them.",
    "references": "The docstrings of the four libraries.",
    "author": "The Sealift demo",
    "license": "Apache-2.0",
}

# The rows of the first weights are the embeddings of the tokens, and their mean is that of the text.
_MEAN = """
  of_tokens = Gather(W0, input_ids)
  kept = Unsqueeze(attention_mask, last)
  mask = Cast<to = 1>(kept)
  of_text = Mul(of_tokens, mask)
  sum = ReduceSum<keepdims = 0>(of_text, second)
  tokens = ReduceSum<keepdims = 0>(mask, second)
  some = Max(tokens, one)
  weighted = Div(sum, some)
"""


def _train(out: Path) -> Trained:
    from sklearn.neural_network import MLPClassifier

    texts, truth = _read()
    tokenizer = _tokenizer(texts[::2])
    classifier = MLPClassifier((32,), max_iter=8, learning_rate_init=0.01, random_state=0)
    with no_warnings():  # that the training could go on
        classifier.fit(_shares(tokenizer, texts[::2]), truth[::2])
    held_out, wanted = texts[1 : 2 * _SHOWN : 2], truth[1 : 2 * _SHOWN : 2]
    file = out / "sentences.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text"], *([text] for text in held_out)])
    original = _shares(tokenizer, held_out)
    right = classifier.score(original, wanted)
    return Trained(
        f"a tokenizer and a net of 32 hidden units on {len(texts[::2]):,} sentences; it is right for {right:.0%} of "
        f"{_SHOWN} others",
        _net(classifier),
        held_out,
        wanted,
        file,
        classifier.predict(original),
        classifier.predict_proba(original),
        {"preprocess": tokenizer, "class_names": [*_LIBRARIES], "card": _CARD},
    )


def _read() -> tuple[list[str], npt.NDArray[np.int64]]:
    """Sentences of each library, in random order, with the index of their library."""
    import numpy as np

    random = np.random.default_rng(2026)
    of_each = [_sentences(package, random) for package in _LIBRARIES.values()]
    texts = [text for sentences in of_each for text in sentences]
    truth = np.repeat(np.arange(len(of_each)), [len(sentences) for sentences in of_each])
    order = random.permutation(len(texts))
    return [texts[i] for i in order], truth[order]


def _sentences(package: str, random: np.random.Generator) -> list[str]:
    specification = find_spec(package)
    assert specification is not None
    assert specification.submodule_search_locations
    folder = Path(specification.submodule_search_locations[0])
    files = sorted(path for path in folder.rglob("*.py") if "tests" not in path.parts)
    different: dict[str, None] = {}
    for i in random.permutation(len(files)):
        different |= dict.fromkeys(_of_file(files[i]))
        if len(different) >= _OF_EACH:
            break
    return [*different][:_OF_EACH]


def _of_file(path: Path) -> Iterator[str]:
    try:
        with no_warnings():  # of a newer Python about an old escape sequence
            tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError):  # a template, or a file for another version of Python
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        for paragraph in _SECTION.split(ast.get_docstring(node) or "")[0].split("\n\n"):
            for sentence in _END.split(" ".join(paragraph.split())):
                if 25 <= len(sentence) <= 250 and sentence.endswith(".") and not _MARKUP.search(sentence):
                    yield sentence


def _tokenizer(texts: list[str]) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=_WORDS, special_tokens=[_PADDING, _UNKNOWN], show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.enable_truncation(_LONGEST)
    tokenizer.enable_padding(pad_id=0, pad_token=_PADDING)
    return tokenizer


def _shares(tokenizer: Any, texts: list[str]) -> npt.NDArray[np.float64]:
    """The share of each token of the vocabulary in the tokens of each text (texts, tokens)."""
    import numpy as np

    shares = np.zeros((len(texts), tokenizer.get_vocab_size()))
    for row, text in zip(shares, texts, strict=True):
        ids = tokenizer.encode(text).ids
        np.add.at(row, ids, 1 / max(len(ids), 1))
    return shares


def _net(classifier: Any) -> ModelProto:
    import numpy as np

    from sealift.demo.perceptron import as_net

    return as_net(
        classifier,
        "int64[N,length] input_ids, int64[N,length] attention_mask",
        _MEAN,
        last=np.array([-1]),
        second=np.array([1]),
        one=np.array(1, np.float32),
    )


CASE = Case(
    name="sentences",
    extras="demo,tokenizers",
    modules={name: _LIBRARIES.get(name, name) for name in (*_LIBRARIES, "onnx", "tokenizers")},
    train=_train,
    class_names=[*_LIBRARIES],
    original="those of tokenizers and scikit-learn",
    proved="the tokenizer followed by the net on all {} texts, of every script, empty and very long",
    close=1e-5,
    first=enter.first_text,
    all_rows=enter.table,
)
