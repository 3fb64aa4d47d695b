"""Manifests of Kubernetes: a Deployment under the restricted policy, and what belongs to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeAlias

from sealift.export import container
from sealift.export.bundle import CONTAINER, Bundle
from sealift.export.export_files import ExportFiles
from sealift.export.options import ExportOptions
from sealift.export.yaml_writer import Yaml, dumps

Manifest: TypeAlias = "dict[str, Yaml]"

_PRE_STOP = 5
"""Seconds from the decision to end a pod to SIGTERM, in which the cluster stops sending requests to it."""


def plan(bundle: Bundle, options: ExportOptions) -> ExportFiles:
    """The files of a server on Kubernetes. Raises ServeError E711."""
    made = manifests(bundle, options)
    names = {f"{kind.lower()}.yaml": manifest for kind, manifest in made.items()}
    kustomization: Manifest = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(names),
    }
    texts = {name: dumps(manifest) for name, manifest in names.items()}
    return ExportFiles({**texts, "kustomization.yaml": dumps(kustomization)}, notes=tuple(_notes(bundle, options)))


def manifests(bundle: Bundle, options: ExportOptions) -> dict[str, Manifest]:
    """The manifests by their kind."""
    name = bundle.name
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "sealift"}
    selector: Manifest = {"matchLabels": {"app.kubernetes.io/name": name}}
    config: dict[str, str] = {"deployment.toml": container.settings(bundle, options)}
    config |= {key: contents.decode("ascii", "replace") for key, contents in bundle.public.items()}
    if options.claim is not None:
        config["SHA256SUMS"] = bundle.checksums()
    ports: list[Yaml] = [{"name": "http", "port": bundle.port, "targetPort": "http", "protocol": "TCP"}]
    if bundle.deployment.grpc:
        ports.append({"name": "grpc", "port": bundle.deployment.grpc, "targetPort": "grpc", "protocol": "TCP"})
    specs: dict[str, tuple[str, Manifest]] = {
        "Deployment": ("apps/v1", _deployment(bundle, options, selector, labels, config)),
        "Service": ("v1", {"selector": selector["matchLabels"], "ports": ports}),
        "PodDisruptionBudget": ("policy/v1", {"maxUnavailable": 1, "selector": selector}),
        "HorizontalPodAutoscaler": ("autoscaling/v2", _autoscaler(name, options)),
        "NetworkPolicy": ("networking.k8s.io/v1", _network(bundle, selector)),
    }
    if options.monitor:
        endpoint: Manifest = {"port": "http", "path": "/metrics", "scheme": bundle.scheme}
        specs["ServiceMonitor"] = ("monitoring.coreos.com/v1", {"selector": selector, "endpoints": [endpoint]})
    made: dict[str, Manifest] = {
        "ConfigMap": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": labels},
            "data": config,
        }
    }
    for kind, (version, spec) in specs.items():
        made[kind] = {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
        }
    return made


def pod_security() -> Manifest:
    """The security context of a pod, which the restricted policy of Kubernetes requires."""
    return {
        "runAsNonRoot": True,
        "runAsUser": container.USER,
        "runAsGroup": container.USER,
        "fsGroup": container.USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Manifest:
    """The security context of a container."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def resources(bundle: Bundle, options: ExportOptions) -> Manifest:
    """The processors and the memory of a container; the server starts as many workers as it has processors."""
    amounts: Manifest = {"cpu": options.cpu, "memory": container.memory(bundle, options)}
    return {"requests": amounts, "limits": amounts}


def probes(bundle: Bundle) -> Manifest:
    """The probes: a pod starts once its models reproduced their examples, which may take five minutes."""

    def get(path: str, **times: int) -> Manifest:
        return {"httpGet": {"path": path, "port": "http", "scheme": bundle.scheme.upper()}, **times}

    return {
        "startupProbe": get("/v2/health/ready", periodSeconds=2, timeoutSeconds=2, failureThreshold=150),
        "readinessProbe": get("/v2/health/ready", periodSeconds=5, timeoutSeconds=2, failureThreshold=2),
        "livenessProbe": get("/v2/health/live", periodSeconds=10, timeoutSeconds=5, failureThreshold=6),
    }


def environment(bundle: Bundle) -> list[Yaml]:
    """The variables of a container that are secret."""
    if not bundle.password:
        return []
    reference = {"name": f"{bundle.name}-secrets", "key": bundle.password}
    return [{"name": bundle.password, "valueFrom": {"secretKeyRef": reference}}]


def volumes(bundle: Bundle) -> tuple[list[Yaml], list[Yaml]]:
    """The volumes of a pod, and where a container has them: files of the server, temporary ones, and secrets."""
    pod_volumes: list[Yaml] = [{"name": "data", "emptyDir": {}}, {"name": "temporary", "emptyDir": {}}]
    mounted: list[Yaml] = [
        {"name": "data", "mountPath": CONTAINER.data},
        {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108
    ]
    if bundle.secrets:
        pod_volumes.append(
            {"name": "secrets", "secret": {"secretName": f"{bundle.name}-secrets", "defaultMode": 0o440}}
        )
        mounted.append({"name": "secrets", "mountPath": CONTAINER.secrets, "readOnly": True})
    return pod_volumes, mounted


def _deployment(
    bundle: Bundle,
    options: ExportOptions,
    selector: Manifest,
    labels: Mapping[str, str],
    config: Mapping[str, str],
) -> Manifest:
    pod_volumes, mounted = volumes(bundle)
    pod_volumes.append({"name": "config", "configMap": {"name": bundle.name}})
    mounted.append({"name": "config", "mountPath": CONTAINER.config, "readOnly": True})
    ports: list[Yaml] = [{"name": "http", "containerPort": bundle.port, "protocol": "TCP"}]
    if bundle.deployment.grpc:
        ports.append({"name": "grpc", "containerPort": bundle.deployment.grpc, "protocol": "TCP"})
    server: Manifest = {
        "name": "sealift",
        "image": container.image(bundle, options),
        "command": list(container.COMMAND),
        "ports": ports,
        "resources": resources(bundle, options),
        "securityContext": container_security(),
        **probes(bundle),
        # The proxies of the cluster and the pod are notified at the same time, so the pod still gets requests.
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(_PRE_STOP)]}}},
    }
    if environment(bundle):
        server["env"] = environment(bundle)
    pod: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(),
        "terminationGracePeriodSeconds": _PRE_STOP + container.STOP,
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": selector,
            }
            for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ],
    }
    if options.claim is not None:
        models: Manifest = {"name": "models", "mountPath": CONTAINER.models, "readOnly": True}
        pod_volumes.append({"name": "models", "persistentVolumeClaim": {"claimName": options.claim, "readOnly": True}})
        mounted.append(models)
        pod["initContainers"] = [
            {
                "name": "digests",
                "image": container.image(bundle, options),
                "command": ["sha256sum", "--check", "--strict", f"{CONTAINER.config}/SHA256SUMS"],
                "workingDir": CONTAINER.models,
                "resources": resources(bundle, options),
                "securityContext": container_security(),
                "volumeMounts": [models, {"name": "config", "mountPath": CONTAINER.config, "readOnly": True}],
            }
        ]
    digest = hashlib.sha256("\0".join(f"{key}\0{config[key]}" for key in sorted(config)).encode()).hexdigest()
    return {
        # The autoscaler sets the number of replicas.
        "selector": selector,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {
            # A changed deployment file replaces the pods.
            "metadata": {"labels": labels, "annotations": {"sealift/config": digest}},
            "spec": {**pod, "containers": [{**server, "volumeMounts": mounted}], "volumes": pod_volumes},
        },
    }


def _autoscaler(name: str, options: ExportOptions) -> Manifest:
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": options.replicas,
        "maxReplicas": options.most_replicas,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            }
        ],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
    }


def _network(bundle: Bundle, selector: Manifest) -> Manifest:
    """Pods of the same namespace reach the server; the server reaches its database, and nothing else."""
    ports: list[Yaml] = [{"port": "http", "protocol": "TCP"}]
    if bundle.deployment.grpc:
        ports.append({"port": "grpc", "protocol": "TCP"})
    egress: list[Yaml] = []
    if bundle.outgoing:
        egress = [{}]
    elif bundle.database is not None:
        dns: list[Yaml] = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
        egress = [{"ports": dns}, {"ports": [{"port": bundle.database[1], "protocol": "TCP"}]}]
    return {
        "podSelector": selector,
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [{"podSelector": {}}], "ports": ports}],
        "egress": egress,
    }


def _notes(bundle: Bundle, options: ExportOptions) -> list[str]:
    notes = container.notes(bundle)
    if bundle.secrets or bundle.password:
        parts = [f"--from-file={name}={source.name}" for name, source in bundle.secrets.items()]
        parts += [f"--from-literal={bundle.password}=..."] * bool(bundle.password)
        notes.append(f"Create the secret: kubectl create secret generic {bundle.name}-secrets {' '.join(parts)}")
    if bundle.local_records:
        notes.append(
            "The records are in a volume that is deleted with its pod: use a PostgreSQL database, or a "
            "PersistentVolumeClaim in place of the volume `data`."
        )
    image = container.image(bundle, options)
    notes.append(f"The image {image} is made with: sealift export docker")
    if options.claim is not None:
        notes.append(f"Copy {', '.join(model.file for model in bundle.models)} to the volume of {options.claim}.")
    if bundle.outgoing:
        notes.append("networkpolicy.yaml permits all outgoing connections: restrict them to those of the deployment.")
    notes.append("Apply them with: kubectl apply -k FOLDER")
    return notes
