"""Manifests of KServe: an InferenceService with its own image, and a runtime for models in a storage."""

from __future__ import annotations

from sealift.export import container, kubernetes
from sealift.export.bundle import Bundle
from sealift.export.export_files import ExportFiles
from sealift.export.options import ExportOptions
from sealift.export.yaml_writer import Yaml, dumps

_MOUNTED = "/mnt/models"
"""Where KServe puts the files that it takes from a storage."""
_FORMAT = "sealift"


def plan(bundle: Bundle, options: ExportOptions) -> ExportFiles:
    """The files of a server on KServe. Raises ServeError E711."""
    container.settings(bundle, options)  # raises E711
    texts: dict[str, str | bytes] = {"inferenceservice.yaml": dumps(inference_service(bundle, options))}
    image = container.image(bundle, options)
    notes = [*container.notes(bundle), f"The image {image} is made with: sealift export docker"]
    if options.open or bundle.deployment.open:
        texts["servingruntime.yaml"] = dumps(serving_runtime(bundle, options))
        texts["inferenceservice-storage.yaml"] = dumps(from_storage(bundle, options))
        notes.append(
            "Apply inferenceservice.yaml for the models in the image. For models in a storage, apply "
            "servingruntime.yaml, complete storageUri in inferenceservice-storage.yaml, and apply it."
        )
    else:
        notes.append("A runtime for models in a storage has no authentication; it is written with --open only.")
    return ExportFiles(texts, notes=tuple(notes))


def inference_service(bundle: Bundle, options: ExportOptions) -> kubernetes.Manifest:
    """A service whose image has the models and the deployment file."""
    pod_volumes, mounted = kubernetes.volumes(bundle)
    server = _server(bundle, options, list(container.COMMAND), bundle.port)
    if kubernetes.environment(bundle):
        server["env"] = kubernetes.environment(bundle)
    predictor: kubernetes.Manifest = {
        "minReplicas": options.replicas,
        "maxReplicas": options.most_replicas,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": kubernetes.pod_security(),
        "terminationGracePeriodSeconds": container.STOP + 5,
        "containers": [{**server, "volumeMounts": mounted}],
        "volumes": pod_volumes,
    }
    return _service(bundle.name, predictor)


def serving_runtime(bundle: Bundle, options: ExportOptions) -> kubernetes.Manifest:
    """A runtime that serves any sealed file whose name is that of its service."""
    file = f"{_MOUNTED}/{{{{.Name}}}}.seal"
    command: list[Yaml] = ["sealift", "serve", file, "--host", container.HOST, "--port", str(bundle.port), "--open"]
    _, mounted = kubernetes.volumes(bundle)
    spec: kubernetes.Manifest = {
        "supportedModelFormats": [{"name": _FORMAT, "version": "1", "autoSelect": True}],
        "protocolVersions": ["v2"],
        "containers": [{**_server(bundle, options, command, bundle.port), "volumeMounts": mounted[:2]}],
        "volumes": kubernetes.volumes(bundle)[0][:2],
    }
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": _FORMAT},
        "spec": spec,
    }


def from_storage(bundle: Bundle, options: ExportOptions) -> kubernetes.Manifest:
    """A service of the runtime."""
    model: kubernetes.Manifest = {
        "modelFormat": {"name": _FORMAT, "version": "1"},
        "protocolVersion": "v2",
        "runtime": _FORMAT,
        "storageUri": f"s3://BUCKET/{bundle.name}.seal",
    }
    predictor: kubernetes.Manifest = {
        "minReplicas": options.replicas,
        "maxReplicas": options.most_replicas,
        "securityContext": kubernetes.pod_security(),
        "model": model,
    }
    return _service(bundle.name, predictor)


def _service(name: str, predictor: kubernetes.Manifest) -> kubernetes.Manifest:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name},
        "spec": {"predictor": predictor},
    }


def _server(bundle: Bundle, options: ExportOptions, command: list[Yaml], port: int) -> kubernetes.Manifest:
    # KServe recognizes the container by this name, and Knative the protocol by the name of the port.
    ports: list[Yaml] = [{"name": "http1", "containerPort": port, "protocol": "TCP"}]
    probes = kubernetes.probes(bundle)
    for probe in probes.values():
        assert isinstance(probe, dict)
        probe["httpGet"] = {**probe["httpGet"], "port": port}
    probes.pop("startupProbe")  # Knative has none; the readiness probe has the same meaning
    return {
        "name": "kserve-container",
        "image": container.image(bundle, options),
        "command": command,
        "ports": ports,
        "resources": kubernetes.resources(bundle, options),
        "securityContext": kubernetes.container_security(),
        **probes,
    }
