"""The rules of sealed graphs, their limits, and that every command checks them first."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner

from onnx_bytes import DOUBLE, content, doubles, external, integer, node, simple, tensor
from sealift import load
from sealift.cli.commands import app
from sealift.errors import SealError
from sealift.runtime import Engine
from sealift.seal.graph import check
from sealift.seal.graph.rules import rules

ATTACKS = Path(__file__).parents[1] / "attacks" / "files"
CASTED = [node("Cast", ["w"], ["v"], integer("to", DOUBLE)), node("Add", ["x", "v"], ["y"])]


@pytest.mark.skipif(onnx.defs.onnx_opset_version() < 26, reason="this onnx does not know the newest operators listed")
def test_every_listed_operator_and_attribute_is_onnx_own() -> None:
    known: dict[tuple[str, str], dict[str, str]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        kinds = {name: str(kind.type).rpartition(".")[2].lower() for name, kind in schema.attributes.items()}
        known.setdefault((schema.domain, schema.name), {}).update(kinds)
    for domain, operators in rules().operators.items():
        assert domain in rules().opsets
        for operator, attributes in operators.items():
            assert attributes.items() <= known[domain, operator].items(), operator


def test_what_is_not_listed() -> None:
    standard = rules().operators[""]
    for schema in onnx.defs.get_all_schemas():
        kinds = [kind for port in (*schema.inputs, *schema.outputs) for kind in port.types]
        if schema.domain == "" and schema.name.startswith(
            ("Random", "Sequence", "Optional", "Bernoulli", "Multinomial")
        ):
            assert schema.name not in standard
        if schema.domain in rules().operators and any(kind.startswith("map") for kind in kinds):
            assert schema.name not in rules().operators[schema.domain]
    listed = {attribute for operators in rules().operators.values() for one in operators.values() for attribute in one}
    assert "sparse_value" not in listed
    assert set(rules().opsets) == {"", "ai.onnx.ml"}
    # External data is read by `walk`, which takes it for a member of weights alone.
    refused = {name for name, type_, _ in rules().schemas["TensorProto"].values() if type_ == "refused"}
    assert refused == {"segment", "metadata_props"}


def test_the_limit_of_fields() -> None:
    """Each message costs time; a file of 20 MB could hold ten million."""
    names = content(9, b"") * rules().limits.fields
    labels = content(1, "keys_strings") + names + b"\xa0\x01\x08"
    made = simple([node("LabelEncoder", ["x"], ["y"], labels, domain="ai.onnx.ml")])
    with pytest.raises(SealError) as caught:
        check(made)
    assert caught.value.code == "E203"
    assert "more than 98304 fields" in caught.value.what


def test_tensors_and_lists_are_not_copied() -> None:
    size = 1_000_000
    ints = content(8, bytes(3 * size)) + content(1, "nodes_featureids") + b"\xa0\x01\x07"
    unpacked = content(1, "nodes_truenodeids") + b"\x40\x81\x02" * size + b"\xa0\x01\x07"
    trees = node("TreeEnsemble", ["x"], ["y"], ints, unpacked, domain="ai.onnx.ml")
    made = simple([trees], [tensor("w", DOUBLE, [size], bytes(8 * size))])
    tracemalloc.start()
    check(memoryview(made))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_the_engine_itself_reads_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second lock: should the check of the graph ever let one through."""
    (tmp_path / "secret").write_bytes(bytes(range(16)))
    monkeypatch.chdir(tmp_path)
    constant = node("Constant", [], ["w"], content(1, "value") + content(5, external("w", "secret")) + b"\xa0\x01\x04")
    for made in (simple(CASTED, [external("w", "secret")]), simple([constant, *CASTED])):
        with pytest.raises(SealError) as caught:
            Engine(made).run({"x": np.zeros((1, 1))})
        assert caught.value.code == "E207"


def test_opening_computes_nothing() -> None:
    """ONNX Runtime's folding of constants is off; a graph that has some to compute is answered all the same."""
    chain = [node("Mul", ["w", "w"], ["p0"]), *(node("Mul", [f"p{i}", "w"], [f"p{i + 1}"]) for i in range(3))]
    made = Engine(simple([*chain, node("Add", ["x", "p3"], ["y"])], [doubles("w", 2.0)]))
    assert made.run({"x": np.zeros((1, 1))})["y"].tolist() == [[32.0]]
    config = made._session.get_session_options().get_session_config_entry("optimization.disable_specified_optimizers")
    assert config == "ConstantFolding"


@pytest.mark.parametrize("command", ["inspect", "verify", "predict", "app"])
@pytest.mark.parametrize("name", ["graph-external-initializer", "graph-external-nested", "graph-signed"])
def test_every_command_refuses_a_graph_that_reads_files(command: str, name: str, tmp_path: Path) -> None:
    path = ATTACKS / f"{name}.seal"
    (tmp_path / "rows.csv").write_text("x\n1\n")
    more = {
        "predict": [str(tmp_path / "rows.csv"), "-o", str(tmp_path / "out.csv")],
        "app": ["-o", str(tmp_path / "page.html")],
    }.get(command, [])
    done = CliRunner().invoke(app, [command, str(path), *more])
    assert done.exit_code != 0
    assert "E208" in done.output
    assert not (tmp_path / "page.html").exists()
    with pytest.raises(SealError) as caught:
        load(path)
    assert caught.value.code == "E208"
