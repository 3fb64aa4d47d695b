"""Check that a graph uses only what a sealed file may use (spec/SEAL.md §7).

ONNX Runtime reads files that a graph names, runs every operator that it knows, and computes with constants while it
loads a graph. So every message of a graph, including subgraphs, attributes and tensors, is checked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealift.seal.graph.refusal import exceeded, malformed, refused, shown
from sealift.seal.graph.rules import rules
from sealift.seal.graph.tensors import GraphConstant, Port, Weight, fields_of, integers, port, product, tensor, text
from sealift.seal.graph.wire import Data, ModelBytes, Span, length

# The only permitted key: ONNX Runtime reads options of the session from another one.
_METADATA = b"sealift.contract"
_VALUES = ("f", "i", "s", "t", "g", "floats", "ints", "strings")
_TYPES = frozenset({"to", "dtype"})
_FEW = 64
_COPIED = 1 << 22  # bytes of a graph; single bytes of `bytes` are read twice as fast as those of a view


@dataclass(frozen=True)
class GraphInfo:
    """The declarations of a checked graph.

    Attributes:
        inputs: input name → its type.
        outputs: output name → its type.
        opsets: domain → operator set.
        weights: name of a constant → the member that holds its elements.
        transposes: whether a node is a Transpose.
    """

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    opsets: Mapping[str, int]
    weights: Mapping[str, Weight] = field(default_factory=dict)
    transposes: bool = False


@dataclass(frozen=True)
class _Value:
    """A name in scope: the nesting depth of the graph that defines it, and its constant if it is one."""

    depth: int
    constant: GraphConstant | None = None


def check(data: Data, weights: Mapping[str, int] | None = None, *, folded: bool = True) -> GraphInfo:
    """Check the bytes of a model.

    Args:
        data: a serialized ModelProto.
        weights: the size in bytes of each member that holds elements of a constant, by the member's name.
        folded: whether nodes that compute from constants only are refused. Otherwise their results are unknown, for
            example as the number of iterations of a loop.

    Raises:
        SealError: E205 when they are malformed, E208 when the graph uses something that a sealed file must not use,
            E203 when it exceeds a limit.
    """
    weights = weights or {}
    if len(data) <= _COPIED:
        data = bytes(data)
    walk = _Walk(data, weights, folded=folded)
    fields = walk.fields((0, len(data)), "ModelProto")
    least, most = rules().ir_version
    if not least <= fields.get("ir_version", 0) <= most:
        raise refused(f"an IR version that is not between {least} and {most}")
    opsets = walk.opsets(fields.get("opset_import", []))
    for span in fields.get("metadata_props", []):
        key = text(data, walk.fields(span, "StringStringEntryProto").get("key"))
        if key != _METADATA:
            raise refused(f"the metadata {shown(key)}")
    if "graph" not in fields:
        raise malformed("it has no graph")
    inputs, outputs = walk.graph(fields["graph"])
    unused = sorted(set(weights) - {weight.member for weight in walk.weights.values()})
    if unused:
        raise malformed(f"no tensor has its data in {unused[0]!r:.80}")
    return GraphInfo(_by_name(inputs), _by_name(outputs), opsets, walk.weights, walk.transposes)


class _Walk:
    """One pass over a model, with the names in scope and the counts so far."""

    def __init__(self, data: Data, weights: Mapping[str, int], *, folded: bool) -> None:
        self._members = weights
        self.weights: dict[str, Weight] = {}
        self.transposes = False
        self._folded = folded
        self._source = ModelBytes(data, rules().limits.fields)
        self._data = data
        self._scope: dict[bytes, _Value] = {}
        self._turns = 1
        self._restored: set[bytes] = set()  # weights that a node converts, and the results
        # For the current graph and those around it: whether it reads a non-constant value of an outer graph.
        self._depends: list[bool] = []

    def fields(self, span: Span, kind: str) -> dict[str, Any]:
        return fields_of(self._source, span, kind)

    def opsets(self, spans: list[Span]) -> dict[str, int]:
        opsets: dict[str, int] = {}
        for span in spans:
            fields = self.fields(span, "OperatorSetIdProto")
            domain = text(self._data, fields.get("domain"))
            permitted = rules().opsets.get(domain.decode("latin-1"))
            version = fields.get("version", 0)
            if permitted is None:
                raise refused(f"the operator set {shown(domain)}")
            if not permitted[0] <= version <= permitted[1]:
                raise refused(f"version {version} of the operator set {shown(domain)}")
            if domain.decode() in opsets:
                raise malformed(f"the operator set {shown(domain)} is imported twice")
            opsets[domain.decode()] = version
        return opsets

    def graph(self, span: Span) -> tuple[list[tuple[bytes, Port | None]], list[tuple[bytes, Port | None]]]:
        """Check a graph, whose names are in scope until its end, and return its inputs and outputs."""
        depth = len(self._depends)
        if depth > rules().limits.depth:
            raise exceeded(f"graphs are nested more than {rules().limits.depth} deep")
        self._depends.append(False)
        fields = self.fields(span, "GraphProto")
        defined: list[bytes] = []

        def define(name: bytes, constant: GraphConstant | None = None) -> None:
            if name in self._scope:
                raise malformed(f"the name {shown(name)} is defined twice")
            self._scope[name] = _Value(depth, constant)
            defined.append(name)

        for inner in fields.get("initializer", []):
            constant = tensor(self._source, inner, None if depth else self._members)
            define(constant.name, constant)
            if constant.weight is not None:
                self.weights[_decoded(constant.name)] = constant.weight
        inputs = [port(self._source, inner, required=depth == 0) for inner in fields.get("input", [])]
        for name, _ in inputs:
            define(name)
        for inner in fields.get("value_info", []):
            port(self._source, inner, required=False)
        for inner in fields.get("node", []):
            outputs, known = self._node(inner)
            for name in outputs:
                if name:
                    define(name, known)
        results = [port(self._source, inner, required=depth == 0) for inner in fields.get("output", [])]
        for name, _ in results:
            self._read(name)
        for name in defined:
            del self._scope[name]
        return inputs, results

    def _read(self, name: bytes) -> GraphConstant | None:
        """The constant of a name, or None. Raises SealError E205 where the name is not defined yet."""
        value = self._scope.get(name)
        if value is None:
            raise malformed(f"{shown(name)} is read before it is defined")
        if value.constant is None:
            for depth in range(value.depth + 1, len(self._depends)):
                self._depends[depth] = True
        return value.constant

    def _node(self, span: Span) -> tuple[list[bytes], GraphConstant | None]:
        """Check a node, and return the names of its outputs, and their constant if they are one."""
        fields = self.fields(span, "NodeProto")
        kind, domain = text(self._data, fields.get("op_type")), text(self._data, fields.get("domain"))
        operators = rules().operators.get(domain.decode("latin-1"))
        if operators is None:
            raise refused(f"an operator of the domain {shown(domain)}")
        operator = kind.decode("latin-1")
        self.transposes |= operator == "Transpose"
        permitted = operators.get(operator)
        if permitted is None:
            raise refused(f"the operator {shown(kind)}")
        inputs: list[GraphConstant | None] = []
        fixed = True  # does it read only constants?
        for start, end in fields.get("input", ()):
            known = self._read(bytes(self._data[start:end])) if end > start else None
            fixed &= known is not None or end == start
            inputs.append(known)
        if operator in rules().sizes:
            _check_sizes(operator, inputs)
        constant, depends = None, False
        if "attribute" in fields or operator in ("Constant", "Loop"):
            turns = self._trip_count(inputs) if operator == "Loop" else 1
            self._turns *= turns
            constant, depends = self._attributes(operator, permitted, fields.get("attribute", []))
            self._turns //= turns
        outputs = [bytes(self._data[start:end]) for start, end in fields.get("output", [])]
        if fixed and not depends:
            if operator == "Identity" and inputs:
                constant = inputs[0]
            elif constant is None and self._restores(operator, inputs, outputs):
                constant = GraphConstant(outputs[0], None)
            elif constant is None and self._folded:
                raise refused(f"the operator {operator} on constants only, which is computed while the file is opened")
        return outputs, constant

    def _restores(self, operator: str, inputs: list[GraphConstant | None], outputs: list[bytes]) -> bool:
        """Whether a node of the main graph converts a weight that is stored in fewer bits, and no other node does."""
        stored = inputs[0] if inputs else None
        if operator not in rules().restoring or len(self._depends) > 1 or stored is None or len(outputs) != 1:
            return False
        if not stored.name or stored.name in self._restored:
            return False
        self._restored |= {stored.name, outputs[0]}
        return True

    def _trip_count(self, inputs: list[GraphConstant | None]) -> int:
        """The number of iterations of a loop, at least 1."""
        known = inputs[0].integers if inputs and inputs[0] else None
        if known is None and not self._folded:
            return 1
        if known is None or len(known) != 1 or known[0] < 0:
            raise refused("a Loop whose number of iterations is not a constant")
        turns = max(known[0], 1)
        if turns * self._turns > rules().limits.turns:
            raise exceeded(f"a Loop of more than {rules().limits.turns} iterations, including the loops around it")
        return turns

    def _attributes(
        self, operator: str, permitted: Mapping[str, str], spans: list[Span]
    ) -> tuple[GraphConstant | None, bool]:
        """Check a node's attributes.

        Returns:
            The constant of a `Constant`, and whether a subgraph depends on the inputs.
        """
        seen = set()
        constant, depends = None, False
        sizes = rules().sizes.get(operator, {}).get("attributes", ())
        for span in spans:
            fields = self.fields(span, "AttributeProto")
            raw = text(self._data, fields.get("name"))
            name = raw.decode("latin-1")
            kind = permitted.get(name)
            if kind is None:
                raise refused(f"the attribute {shown(raw)} of {operator}")
            if name in seen:
                raise malformed(f"the attribute {name} of {operator} occurs twice")
            seen.add(name)
            code, field = rules().attributes[kind]
            if fields.get("type") != code or any(other in fields for other in _VALUES if other != field):
                raise malformed(f"the attribute {name} of {operator} is of another type")
            value = fields.get(field)
            if kind == "graph":
                if value is None:
                    raise malformed(f"the attribute {name} of {operator} has no graph")
                self.graph(value)
                depends |= self._depends.pop()
            elif kind == "tensor":
                if value is None:
                    raise malformed(f"the attribute {name} of {operator} has no tensor")
                constant = tensor(self._source, value)
            elif name in sizes:
                if length(value or [], "ints") > _FEW * 10:
                    raise exceeded(f"the attribute {name} of {operator} has more than {_FEW} numbers")
                _check_size(operator, product(integers(self._source, value or [])))
            elif name in _TYPES and kind == "int" and (value or 0) not in rules().elements:
                raise refused(f"the element type {value or 0}")
        if operator != "Constant":
            return None, depends
        if len(seen) != 1:
            raise malformed("a Constant must have exactly one value")
        return constant or self._plain(fields), depends

    def _plain(self, fields: Mapping[str, Any]) -> GraphConstant:
        """The constant of a `Constant` without a tensor."""
        if "i" in fields:
            return GraphConstant(b"", (fields["i"],))
        runs = fields.get("ints", [])
        few = 0 < length(runs, "ints") <= _FEW
        return GraphConstant(b"", tuple(integers(self._source, runs)) if few else None)


def _check_sizes(operator: str, inputs: list[GraphConstant | None]) -> None:
    """Check the constant inputs that determine the size of an output."""
    for at in rules().sizes[operator].get("inputs", ()):
        known = inputs[at] if at < len(inputs) else None
        if known is not None:
            _check_size(operator, known.elements)


def _check_size(operator: str, elements: int | None) -> None:
    most = rules().limits.elements
    if elements is None or elements > most:
        raise exceeded(f"{operator} with a constant size of more than {most} elements")


def _by_name(ports: list[tuple[bytes, Port | None]]) -> dict[str, Port]:
    by_name: dict[str, Port] = {}
    for name, known in ports:
        decoded = _decoded(name)
        if known is not None:
            by_name[decoded] = known
    return by_name


def _decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise malformed(f"the name {shown(name)} is not UTF-8") from None
