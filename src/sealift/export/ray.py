"""An application of Ray Serve: a module, its configuration, and the models, as the working folder of a cluster."""

from __future__ import annotations

from sealift.errors import ServeError
from sealift.export import container, yaml_writer
from sealift.export.bundle import Bundle, Layout, permit_exposure
from sealift.export.export_files import ExportFiles
from sealift.export.options import ExportOptions
from sealift.export.requirements import requirements
from sealift.serve.deployment import Deployment

_LAYOUT = Layout("models", ".", ".", "secrets")
"""The working folder on each node; Ray copies it there."""


def plan(bundle: Bundle, options: ExportOptions) -> ExportFiles:
    """The files of an application of Ray Serve.

    Raises:
        ServeError: E711; E811 where the deployment has a setting that does not work on Ray.
    """
    check_supported(bundle.deployment)
    permit = permit_exposure(bundle, options, container.HOST)
    secrets = [f"Copy {source.name} to secrets/{name} in the folder." for name, source in bundle.secrets.items()]
    texts: dict[str, str | bytes] = {
        "deployment.toml": settings(bundle, container.HOST, permit=permit),
        "sealift_app.py": _MODULE,
        "serve.yaml": _config(bundle, options),
        "requirements.txt": requirements([*bundle.extras(), "ray"]),
        "models/SHA256SUMS": bundle.checksums(),
        **bundle.public,
    }
    copies = {f"models/{model.file}": model.source for model in bundle.models}
    notes = [
        *secrets,
        "Install requirements.txt on each node of the cluster, with the same version of Python.",
        f"Copy FOLDER to /srv/sealift/{bundle.name} on each node, or upload it as a .zip file and write its address "
        "to working_dir in serve.yaml.",
        "Deploy it: serve deploy FOLDER/serve.yaml",
    ]
    return ExportFiles(texts, copies, tuple(notes))


def settings(bundle: Bundle, host: str, *, permit: bool) -> str:
    """The deployment file in the working folder."""
    return bundle.settings(_LAYOUT, host=host, permit=permit)


def check_supported(deployment: Deployment) -> None:
    """Raise ServeError E811 for a setting that would have no effect on Ray."""
    access = deployment.access
    reasons = {
        "gRPC is not served on Ray": deployment.grpc is not None,
        "versions with shadow = true get no copies on Ray": any(model.shadow for model in deployment.models),
        "calls are not recorded on Ray": deployment.records is not None,
        "receipts are not issued on Ray, because each node would need the private key": deployment.receipts is not None,
        "the proxies of Ray Serve have settings of their own for TLS": deployment.tls is not None,
        "traces and metrics are not exported on Ray": deployment.telemetry is not None,
        f"the mode {deployment.mode} is not supported": deployment.mode != "online",
        "the keys of an issuer of tokens are not fetched on Ray": (
            access is not None and access.oidc is not None and access.oidc.is_fetched
        ),
        "requests have no priorities on Ray": access is not None and access.priority is not None,
        "each replica would count the rate of a caller by itself": access is not None and access.rate is not None,
    }
    for reason, present in reasons.items():
        if present:
            raise ServeError(
                "E811",
                f"The deployment cannot run on Ray: {reason}.",
                where=deployment.source,
                fix="Remove the setting, or serve without Ray.",
            )


_MODULE = '''\
"""The application of Ray Serve that serves the models of deployment.toml."""

from sealift.ray import application


def build(arguments: dict[str, str]):
    """The application; the arguments are those of serve.yaml."""
    return application(arguments["deployment"], replicas=int(arguments["replicas"]))
'''


def _config(bundle: Bundle, options: ExportOptions) -> str:
    application: dict[str, yaml_writer.Yaml] = {
        "name": bundle.name,
        "route_prefix": "/",
        "import_path": "sealift_app:build",
        "args": {"deployment": "deployment.toml", "replicas": str(options.replicas)},
        "runtime_env": {
            "working_dir": f"local:///srv/sealift/{bundle.name}",
            "env_vars": {"RAY_USAGE_STATS_ENABLED": "0"},
        },
    }
    return yaml_writer.dumps(
        {
            "proxy_location": "EveryNode",
            "http_options": {"host": container.HOST, "port": bundle.port},
            "applications": [application],
        }
    )
