"""A deployment's models: opened, checked, and ready to answer."""

from __future__ import annotations

from sealift.errors import ServeError
from sealift.runtime import load
from sealift.seal.signature import load_public_key, verify_key
from sealift.serve.deployment import Deployment
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel

THREADS = 1
"""The threads of a graph: each worker computes with one, and the workers share the processors."""


def open_models(deployment: Deployment) -> Plane:
    """Load the models of a deployment and run their examples.

    Raises:
        ServeError: E703 when a model does not reproduce its examples, E709 when two models have the same name.
        FileError, SealError, SignatureError, ContractError: as `sealift.load` and `sealift.verify`.
    """
    plane = Plane()
    for spec in deployment.models:
        model = load(spec.file, threads=THREADS)
        if spec.key is not None:
            verify_key(model.seal, load_public_key(spec.key))
        name = spec.name or model.name
        if name in plane.names():
            raise ServeError(
                "E709",
                f"Two models have the name {name!r:.80}.",
                where=deployment.source or str(spec.file),
                fix="Give one of them another name in the deployment file.",
            )
        served = ServedModel(name, model)
        served.prepare()
        plane.add(served)
    return plane
