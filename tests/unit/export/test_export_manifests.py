"""The manifests of Kubernetes and KServe, validated by the published schemas; unknown fields are refused."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import exports
import kserve
import seals
from sealift.serve import helpers, worker_pool

VERSIONS = ("1.30", "1.33", kubernetes_validate.latest_version())


def documents(folder: Path) -> dict[str, Any]:
    return {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yaml")}


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Any]:
    """The manifests of a deployment that uses everything."""
    arguments = (
        "--open",
        "--image",
        "registry.example:5000/heart@sha256:abababababababababababababababababababababababababababababababab",
        "--monitor",
        "--claim",
        "models",
    )
    exports.export("kubernetes", exports.deployment(tmp_path), "-o", tmp_path / "out", *arguments)
    return documents(tmp_path / "out")


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas_of_kubernetes(version: str, made: dict[str, Any]) -> None:
    checked = 0
    for name, manifest in made.items():
        if name not in ("kustomization", "servicemonitor"):  # not of Kubernetes itself
            kubernetes_validate.validate(manifest, version, strict=True)
            checked += 1
    assert checked == 6


def test_the_schemas_are_strict(made: dict[str, Any]) -> None:
    made["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProb"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(made["deployment"], VERSIONS[-1], strict=True)


def test_every_manifest_is_applied(made: dict[str, Any]) -> None:
    listed = {name.removesuffix(".yaml") for name in made["kustomization"]["resources"]}
    assert listed == set(made) - {"kustomization"}


def test_names_refer_to_one_another(made: dict[str, Any]) -> None:
    labels = made["deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        made["deployment"]["spec"]["selector"]["matchLabels"],
        made["service"]["spec"]["selector"],
        made["poddisruptionbudget"]["spec"]["selector"]["matchLabels"],
        made["networkpolicy"]["spec"]["podSelector"]["matchLabels"],
        made["servicemonitor"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    pod = made["deployment"]["spec"]["template"]["spec"]
    server = pod["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in server["ports"]}
    assert {port["name"]: port["port"] for port in made["service"]["spec"]["ports"]} == ports
    assert {port["targetPort"] for port in made["service"]["spec"]["ports"]} == set(ports)
    assert {port["port"] for rule in made["networkpolicy"]["spec"]["ingress"] for port in rule["ports"]} == set(ports)
    assert made["horizontalpodautoscaler"]["spec"]["scaleTargetRef"]["name"] == made["deployment"]["metadata"]["name"]
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in (server, *pod["initContainers"]):
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    assert {mount["name"] for mount in server["volumeMounts"]} == volumes


def test_the_restricted_policy(made: dict[str, Any]) -> None:
    """The requirements of the Pod Security Standard `restricted`."""
    pod = made["deployment"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    allowed = {"emptyDir", "configMap", "secret", "persistentVolumeClaim"}
    assert all(set(volume) - {"name"} <= allowed for volume in pod["volumes"])
    for container in (*pod["containers"], *pod["initContainers"]):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True


def test_the_settings_and_the_digests(made: dict[str, Any], tmp_path: Path) -> None:
    config = made["configmap"]["data"]
    assert "PRIVATE KEY" not in json.dumps(made)
    assert config["clinic.pub"] == (tmp_path / "heart" / "clinic.pub").read_text()
    digest = hashlib.sha256((tmp_path / "tiny.seal").read_bytes()).hexdigest()
    assert f"{digest}  tiny.seal\n" in config["SHA256SUMS"]
    assert made["networkpolicy"]["spec"]["egress"][1]["ports"] == [{"port": 5433, "protocol": "TCP"}]


def test_another_configuration_replaces_the_pods(tmp_path: Path) -> None:
    source = exports.deployment(tmp_path)
    digests = []
    for body in (1000000, 2000000):
        source.write_text(exports.DEPLOYMENT.replace("1000000", str(body)))
        exports.export("kubernetes", source, "-o", tmp_path / "out", "--open", "--force")
        template = documents(tmp_path / "out")["deployment"]["spec"]["template"]
        digests.append(template["metadata"]["annotations"]["sealift/config"])
    assert digests[0] != digests[1]


def test_a_pod_ends_before_it_is_killed(made: dict[str, Any]) -> None:
    """SIGTERM follows preStop; then the server ends its workers, and after them the helpers."""
    pod = made["deployment"]["spec"]["template"]["spec"]
    wait = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > wait + worker_pool._GRACE + helpers._GRACE


@pytest.mark.skipif(not kserve.FOLDER.exists(), reason="KServe's package is not there: tools/setup.sh kserve")
@pytest.mark.parametrize("one_model", [False, True])
def test_schemas_of_kserve(one_model: bool, tmp_path: Path) -> None:
    source = seals.write(tmp_path / "one.seal") if one_model else exports.deployment(tmp_path)
    exports.export("kserve", source, "-o", tmp_path / "out", "--open")
    made = documents(tmp_path / "out")
    assert set(made) == {"inferenceservice", "servingruntime", "inferenceservice-storage"}
    types = {"InferenceService": "V1beta1InferenceService", "ServingRuntime": "V1alpha1ServingRuntime"}
    for name, manifest in made.items():
        kserve.check(manifest, types[manifest["kind"]], core(), name)


@pytest.mark.skipif(not kserve.FOLDER.exists(), reason="KServe's package is not there: tools/setup.sh kserve")
@pytest.mark.parametrize("path", [("predictor", "minReplica"), ("predictor", "containers", 0, "port")])
def test_the_schemas_of_kserve_are_strict(path: tuple[Any, ...], tmp_path: Path) -> None:
    exports.export("kserve", exports.deployment(tmp_path), "-o", tmp_path / "out", "--open")
    made = documents(tmp_path / "out")["inferenceservice"]
    at = made["spec"]
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = 1
    with pytest.raises(Exception, match=r"minReplica|Additional properties"):
        kserve.check(made, "V1beta1InferenceService", core())


def test_a_runtime_without_authentication_is_not_written_unasked(tmp_path: Path) -> None:
    source = exports.deployment(tmp_path)
    source.write_text(exports.DEPLOYMENT.replace("[server]", "[server]\nopen = true"))
    exports.export("kserve", source, "-o", tmp_path / "out")
    assert "servingruntime" in documents(tmp_path / "out")


def core() -> dict[str, Any]:
    """The definitions of Kubernetes, which refuse unknown fields."""
    folder = resources.files(kubernetes_validate) / "kubernetes-json-schema" / f"v{VERSIONS[-1]}-local-strict"
    definitions: dict[str, Any] = json.loads((folder / "_definitions.json").read_text())["$defs"]
    return definitions
