"""The definitions of KServe's resources, from the classes that its own package generates from them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import jsonschema

FOLDER = Path(__file__).parents[1] / ".kserve"
"""Where `tools/setup.sh kserve` puts the package, without its dependencies. It is read, and not imported."""
_PLAIN = {"str": str, "int": int, "bool": bool, "float": float}


def check(value: Any, type_: str, core: dict[str, Any], where: str = "") -> None:
    """Raise AssertionError where a value is not of a type of KServe, or has an unknown field.

    Args:
        value: the value of a manifest.
        type_: the type, as KServe's classes write it.
        core: the definitions of Kubernetes, for its own types.
        where: the place of the value.
    """
    if listed := re.fullmatch(r"list\[(.*)\]", type_):
        assert isinstance(value, list), where
        for i, item in enumerate(value):
            check(item, listed[1], core, f"{where}[{i}]")
    elif mapped := re.fullmatch(r"dict\(str, (.*)\)", type_):
        assert isinstance(value, dict), where
        for key, item in value.items():
            check(item, mapped[1], core, f"{where}.{key}")
    elif type_ in _PLAIN:
        assert type(value) is _PLAIN[type_], (where, value)
    elif (known := _class(type_)) is not None:
        types, names = known
        fields = {names[key]: kind for key, kind in types.items()}
        unknown = set(value) - set(fields)
        assert not unknown, f"{where}: {unknown} of {type_}"
        for key, item in value.items():
            check(item, fields[key], core, f"{where}.{key}")
    else:
        (name,) = [key for key in core if re.fullmatch(rf"io\.k8s\..*\.{_of_kubernetes(type_)}", key)]
        schema = {"$ref": f"#/$defs/{name}", "$defs": core}
        jsonschema.Draft202012Validator(schema).validate(value)


def _of_kubernetes(type_: str) -> str:
    """`V1Container` as the end of its name in the definitions of Kubernetes."""
    version, name = re.match(r"(V\d+(?:alpha\d+|beta\d+)?)(.*)", type_).groups()  # type: ignore[union-attr]
    return rf"{version.lower()}\.{name}"


def _class(type_: str) -> tuple[dict[str, str], dict[str, str]] | None:
    """The types and the names of the fields of a class of KServe."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type_).lower()
    file = FOLDER / "kserve" / "models" / f"{name}.py"
    if not file.exists():
        return None
    (definition,) = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)]
    tables = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in definition.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Dict)
    }
    return tables["openapi_types"], tables["attribute_map"]
