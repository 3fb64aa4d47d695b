"""Models of sentence-transformers: their tokenizer, and where they cut texts."""

from __future__ import annotations

from sealift.errors import PackError
from sealift.packing.bundles.base import ModelParts
from sealift.packing.bundles.fitting_tokenizer import fitted
from sealift.packing.heads.embedding import Embedding
from sealift.packing.preprocess.libraries.reading import is_of


class SentenceEncoderParts:
    """Recognises encoders of texts that are given without a preprocessing."""

    def unbundle(self, given: ModelParts) -> ModelParts | None:
        """The model with its tokenizer. Raises PackError E325 for one that needs more than the text."""
        model = given.model
        names = {kind.__name__ for kind in type(model).__mro__}
        if not is_of(model, "sentence_transformers") or "SentenceTransformer" not in names:
            return None
        if given.preprocess is not None:
            return None
        if not hasattr(getattr(model, "tokenizer", None), "backend_tokenizer"):
            raise _refused(
                "it has no fast tokenizer, as a model of pictures", "Give its module, and what is before it."
            )
        if getattr(model, "default_prompt_name", None) is not None:
            raise _refused(
                f"it puts the prompt {model.default_prompt_name!r:.40} before each text",
                "Set model.default_prompt_name = None, and put the prompt before the texts yourself.",
            )
        cut = fitted(model.tokenizer, model[0].auto_model, model.max_seq_length)
        return given._replace(preprocess=cut, outputs=given.outputs or Embedding())


def _refused(reason: str, fix: str) -> PackError:
    return PackError("E325", f"The SentenceTransformer cannot be sealed: {reason}.", where="model", fix=fix)


UNBUNDLER = SentenceEncoderParts()
