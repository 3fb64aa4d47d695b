"""Models and pipelines of Hugging Face `transformers`: their labels, and what a pipeline consists of."""

from __future__ import annotations

from typing import Any

from sealift.errors import PackError
from sealift.packing.bundles.base import ModelParts
from sealift.packing.bundles.fitting_tokenizer import fitted
from sealift.packing.bundles.pipelines import parts_of
from sealift.packing.bundles.task_heads import head_of_class
from sealift.packing.preprocess.libraries.reading import is_of


class TransformersParts:
    """Recognises pipelines, and models that are given with their processor."""

    def unbundle(self, given: ModelParts) -> ModelParts | None:
        """The model with the preprocessing and the head that the object states."""
        if not is_of(given.model, "transformers"):
            return None
        kinds = {kind.__name__ for kind in type(given.model).__mro__}
        if "Pipeline" in kinds:
            return _of_pipeline(given)
        if "PreTrainedModel" not in kinds or given.preprocess is None:
            return None
        model = given.model
        head = None if given.is_named else head_of_class(model, given.preprocess)
        return given._replace(preprocess=fitted(given.preprocess, model), outputs=head or given.outputs)


def _of_pipeline(given: ModelParts) -> ModelParts:
    if given.preprocess is not None:
        raise PackError(
            "E325",
            "A pipeline has its own preprocessing, but preprocess is given too.",
            where="preprocess",
            fix="Leave preprocess out, or give pipeline.model as the model.",
        )
    pipe: Any = given.model
    processor, longest, head = parts_of(pipe)
    outputs = given.outputs if given.is_named else head
    return given._replace(model=pipe.model, preprocess=fitted(processor, pipe.model, longest), outputs=outputs)


UNBUNDLER = TransformersParts()
