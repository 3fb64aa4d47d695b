"""Hostile graphs by name: what a sealed file must not use (spec/SEAL.md §7), each in a file that is sound otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from onnx_bytes import (
    BOOL,
    COMPLEX,
    DOUBLE,
    FLOAT,
    INT64,
    SOUND,
    STANDARD,
    STRING,
    attribute,
    content,
    doubles,
    each,
    external,
    graph,
    graph_attribute,
    int64s,
    integer,
    integers,
    model,
    node,
    number,
    opset,
    simple,
    tensor,
    tensor_attribute,
    truth,
    value,
)

Case = tuple[str, bytes, str | None, str]
IDENTITY = node("Identity", ["x"], ["y"])
CASTED = [node("Cast", ["w"], ["v"], integer("to", DOUBLE)), node("Add", ["x", "v"], ["y"])]
HUGE = 100_000_000_000


def cases() -> Iterator[Case]:
    """Name, bytes of the model, the code of the refusal or None, and why."""
    for part in (sound, outside, foreign, types, constants, loops, sizes, names, wire, versions):
        for name, data, code, why in part():
            yield f"graph-{name}", data, code, why


def loop(body: bytes, *, turns: str = "turns", state: str = "x", out: str = "y") -> bytes:
    return node("Loop", [turns, "going", state], [out], graph_attribute("body", body))


def turn(nodes: list[bytes], out: str = "s1", n: int = 0, initializers: tuple[bytes, ...] = ()) -> bytes:
    """The body of a loop over one state, in which `nodes` make `out` of `s{n}`."""
    scalar = value(f"i{n}", INT64, ()), value(f"c{n}", BOOL, ())
    going = node("Identity", [f"c{n}"], [f"d{n}"])
    return graph(
        [*nodes, going],
        [*scalar, value(f"s{n}", DOUBLE, (None, 1))],
        [value(f"d{n}", BOOL, ()), value(out, DOUBLE, (None, 1))],
        initializers,
    )


def branch(nodes: list[bytes], out: str, *initializers: bytes) -> bytes:
    return graph(nodes, [], [value(out)], initializers)


def either(first: bytes, second: bytes) -> bytes:
    return node("If", ["yes"], ["y"], graph_attribute("then_branch", first), graph_attribute("else_branch", second))


def condition() -> list[bytes]:
    """Whether the sum of the rows is positive: nothing that is known before."""
    total = node("ReduceSum", ["x"], ["total"], integer("keepdims", 0))
    return [total, node("Greater", ["total", "zero"], ["yes"])]


ZERO = tensor("zero", DOUBLE, [], bytes(8))
FIVE = int64s("turns", 5, dims=())
STEP = node("Add", ["s0", "one"], ["s1"])
ONE = doubles("one", 1.0)


def sound() -> Iterator[Case]:
    packed = tensor("turns", INT64, [], more=content(7, b"\x05"))
    yield "sound-loop", simple([loop(turn([STEP]))], [packed, truth("going"), ONE]), None, "a loop of 5 turns"
    first = branch([node("Identity", ["x"], ["a"])], "a")
    second = branch([node("Add", ["x", "own"], ["b"])], "b", doubles("own", 1.0))
    yield "sound-if", simple([*condition(), either(first, second)], [ZERO]), None, "both branches of an If"
    constant = node("Constant", [], ["w"], tensor_attribute("value", doubles("", 2.0)))
    yield "sound-constant", simple([constant, node("Mul", ["x", "w"], ["y"])]), None, "a constant made by a node"
    note = content(14, content(1, "sealift.contract") + content(2, "{}")) + content(2, "sealift")
    yield "sound-contract", simple([IDENTITY], outer=note), None, "the contract among the metadata"


def outside() -> Iterator[Case]:
    """Data outside the file, wherever a tensor can stand."""
    constant = node("Constant", [], ["w"], tensor_attribute("value", external("w")))
    inner = branch([node("Identity", ["x"], ["a"])], "a", external("w"))
    other = branch([node("Identity", ["x"], ["b"])], "b")
    nested = branch([either(inner, other)], "y2")
    sparse = content(1, external("w")) + content(2, int64s("", 0)) + number(3, 16)
    training = content(1, graph([], initializers=[external("w")]))
    function = content(1, "f") + content(7, constant) + content(10, "local")
    body = turn([node("Cast", ["w"], ["v"], integer("to", DOUBLE)), node("Add", ["s0", "v"], ["s1"])], "s1", 0)
    start = [FIVE, truth("going")]
    spot = tensor("w", 2, [16], more=number(14, 1))
    pairs = tensor("w", 2, [16], bytes(16), more=content(13, content(1, "location") + content(2, "etc/passwd")))
    plain = tensor("w", 2, [16], bytes(16), more=number(14, 0))
    in_body = turn([STEP], "s1", 0, (external("w"),))
    for name, data, why in (
        ("initializer", simple(CASTED, [external("w")]), "an initializer"),
        ("absolute", simple(CASTED, [external("w", "/etc/passwd")]), "an initializer, with an absolute path"),
        ("climbing", simple(CASTED, [external("w", "../../etc/passwd")]), "an initializer, with a path that climbs"),
        ("memory", simple(CASTED, [external("w", "*/_ORT_MEM_ADDR_/*")]), "an initializer at an address in memory"),
        ("unused", simple([IDENTITY], [external("w")]), "an initializer that nothing reads"),
        ("location-only", simple(CASTED, [spot]), "an initializer that only says so"),
        ("pairs-only", simple(CASTED, [pairs]), "an initializer that names a file beside its own data"),
        ("default", simple(CASTED, [plain]), "the field that says where data are, with the usual value"),
        ("constant", simple([constant, *CASTED]), "the tensor of a Constant"),
        ("branch", simple([*condition(), either(inner, other)], [ZERO]), "an initializer in a branch"),
        ("loop", simple([loop(in_body)], [*start, ONE]), "an initializer in the body of a loop"),
        ("outer", simple([loop(body)], [*start, external("w")]), "an initializer that the body of a loop reads"),
        ("nested", simple([*condition(), either(nested, other)], [ZERO]), "an initializer two graphs deep"),
        ("sparse", simple([IDENTITY], more=content(15, sparse)), "a sparse initializer"),
        ("training", simple([IDENTITY], outer=content(20, training)), "the training info"),
        ("function", simple([IDENTITY], outer=content(25, function)), "a function of the model"),
        ("annotation", simple([IDENTITY], more=content(14, content(1, "x"))), "a quantization annotation"),
    ):
        yield f"external-{name}", data, "E208", f"data outside the file: {why}"
    for name, held, why in (
        ("sparse", attribute("sparse_value", 11, content(22, sparse)), "a sparse tensor"),
        ("tensors", attribute("value", 9, content(10, external("w"))), "a list of tensors"),
        ("graphs", attribute("value", 10, content(11, graph([], initializers=[external("w")]))), "a list of graphs"),
        ("reference", attribute("value", 4, content(21, "outer")), "a reference to a function's attribute"),
        ("unknown", tensor_attribute("weights", doubles("", 1.0)), "one that the operator does not have"),
        ("prototype", integer("constructor", 1), "one with the name of a method"),
        ("beside", tensor_attribute("value_int", external("w")), "a tensor in the place of a number"),
    ):
        made = simple([node("Constant", [], ["w"], held), *CASTED])
        yield f"attribute-{name}", made, "E205" if name == "beside" else "E208", f"an attribute: {why}"


def foreign() -> Iterator[Case]:
    """Other domains, and operators of the standard ones that are not on the list."""
    for name, domain in (
        ("microsoft", "com.microsoft"),
        ("extensions", "ai.onnx.contrib"),
        ("training", "ai.onnx.training"),
        ("alias", "ai.onnx"),
        ("own", "local"),
        ("prototype", "__proto__"),
    ):
        made = simple([node("Identity", ["x"], ["y"], domain=domain)])
        yield f"domain-{name}", made, "E208", f"an operator of the domain {domain}"
    body = graph([IDENTITY], [value("x")], [value("y", dims=(None, None))])
    imported = model(body, opsets=[*STANDARD, opset("com.microsoft", 1)])
    yield "domain-imported", imported, "E208", "an operator set of another domain, unused"
    inner = branch([node("EPContext", ["x"], ["a"], domain="com.microsoft")], "a")
    other = branch([node("Identity", ["x"], ["b"])], "b")
    yield "domain-nested", simple([*condition(), either(inner, other)], [ZERO]), "E208", "a foreign domain in a branch"
    for operator, why in (
        ("RandomNormalLike", "random numbers"),
        ("Bernoulli", "random numbers"),
        ("Dropout", "random numbers"),
        ("StringNormalizer", "depends on the computer's locale"),
        ("ImageDecoder", "decodes files"),
        ("SequenceConstruct", "a sequence"),
        ("Optional", "an optional value"),
        ("identity", "another case"),
        ("constructor", "the name of a method"),
        ("", "no name"),
    ):
        made = simple([node(operator, ["x"], ["y"])])
        yield f"operator-{operator or 'empty'}", made, "E208", f"an operator that is not on the list: {why}"
    zipped = simple([node("ZipMap", ["x"], ["y"], domain="ai.onnx.ml")])
    yield "operator-ZipMap", zipped, "E208", "an operator that is not on the list: a map"
    overload = simple([node("Identity", ["x"], ["y"], more=content(8, "other"))])
    yield "operator-overload", overload, "E208", "an overload"
    noted = simple([node("Identity", ["x"], ["y"], more=content(9, content(1, "k")))])
    yield "node-metadata", noted, "E208", "metadata of a node, which ONNX Runtime may read"
    options = content(14, content(1, "ort_config") + content(2, '{"session_options":{}}'))
    yield "session-options", simple([IDENTITY], outer=options), "E208", "options of ONNX Runtime in the metadata"


def types() -> Iterator[Case]:
    element = content(1, number(1, DOUBLE))
    for name, kind in (
        ("sequence", content(4, content(1, element))),
        ("map", content(5, number(1, STRING) + content(2, element))),
        ("optional", content(9, content(1, element))),
        ("sparse", content(8, number(1, DOUBLE))),
        ("opaque", content(7, content(1, "d"))),
    ):
        made = model(graph([IDENTITY], [value("x")], [value("y", kind=kind)]))
        yield f"type-{name}", made, "E208", f"an output that is a {name}"
    for name, code in (("complex", COMPLEX), ("float8", 17), ("int4", 22), ("undefined", 0), ("unknown", 99)):
        made = model(graph([IDENTITY], [value("x", code)], [value("y")]))
        yield f"element-{name}", made, "E208", f"an element type that is not on the list: {name}"
    cast = simple([node("Cast", ["x"], ["z"], integer("to", 17)), node("Cast", ["z"], ["y"], integer("to", DOUBLE))])
    yield "element-cast", cast, "E208", "an element type that is not on the list, by a Cast"
    claimed = simple([IDENTITY], more=content(13, value("z", 17)))
    yield "element-claimed", claimed, "E208", "an element type that is not on the list, of a value inside"
    bare = model(graph([IDENTITY], [content(1, "x")], [value("y")]))
    yield "type-missing", bare, "E205", "an input without a type"


def constants() -> Iterator[Case]:
    """What ONNX Runtime would compute while it loads."""
    half = doubles("half", 0.5)
    chain = [node("Mul", ["half", "half"], ["p0"])]
    chain += [node("MatMul", [f"p{i}", f"p{i}"], [f"p{i + 1}"]) for i in range(40)]
    made = simple([*chain, node("Add", ["x", "p40"], ["y"])], [half])
    yield "constant-products", made, "E208", "a chain of products of constants"
    doubling = turn([node("Concat", ["s0", "s0"], ["s1"], integer("axis", 0))])
    made = simple([loop(doubling, state="one", out="z"), node("Add", ["x", "z"], ["y"])], [FIVE, truth("going"), ONE])
    yield "constant-loop", made, "E208", "a loop that doubles a constant"
    filled = [node("ConstantOfShape", ["size"], ["z"]), node("ReduceSum", ["z"], ["t"], integer("keepdims", 0))]
    size = int64s("size", HUGE)
    made = simple([*filled, node("Cast", ["t"], ["u"], integer("to", DOUBLE)), node("Add", ["x", "u"], ["y"])], [size])
    yield "constant-fill", made, "E203", "100 GB of zeros"
    inner = branch([node("Mul", ["half", "half"], ["h"]), node("Add", ["x", "h"], ["a"])], "a")
    other = branch([node("Identity", ["x"], ["b"])], "b")
    made = simple([*condition(), either(inner, other)], [ZERO, half])
    yield "constant-branch", made, "E208", "a product of constants in a branch"
    passed = [node("Identity", ["half"], ["h"]), node("Mul", ["h", "h"], ["q"]), node("Add", ["x", "q"], ["y"])]
    yield "constant-passed", simple(passed, [half]), "E208", "a product of constants that a node passed on"
    stored = tensor("w", FLOAT, [1], b"\x00\x00\x80\x3f")
    yield "constant-restored", simple(CASTED, [stored]), None, "a weight that is converted once"
    again = [CASTED[0], node("Cast", ["w"], ["u"], integer("to", DOUBLE)), node("Add", ["x", "v"], ["z"])]
    made = simple([*again, node("Add", ["z", "u"], ["y"])], [stored])
    yield "constant-restored-twice", made, "E208", "a weight that two nodes convert"
    further = [
        CASTED[0],
        node("Cast", ["v"], ["u"], integer("to", FLOAT)),
        node("Cast", ["u"], ["t"], integer("to", DOUBLE)),
    ]
    made = simple([*further, node("Add", ["x", "t"], ["y"])], [stored])
    yield "constant-restored-further", made, "E208", "a weight whose converted elements are converted"
    tiled = [CASTED[0], node("Tile", ["v", "times"], ["u"]), node("Add", ["x", "u"], ["y"])]
    yield (
        "constant-restored-tiled",
        simple(tiled, [stored, int64s("times", 2)]),
        "E208",
        "a converted weight in a sum of constants",
    )
    inner = branch([*CASTED[:1], node("Add", ["x", "v"], ["a"])], "a")
    made = simple([*condition(), either(inner, other)], [ZERO, stored])
    yield "constant-restored-inside", made, "E208", "a weight that a node in a branch converts"


def loops() -> Iterator[Case]:
    start = [truth("going"), ONE]
    most = int64s("turns", 2**62, dims=())
    yield "loop-endless", simple([loop(turn([STEP]))], [most, *start]), "E203", "a loop of 2**62 turns"
    packed = tensor("turns", INT64, [1], more=content(7, b"\x81\x80\x40"))
    yield "loop-long", simple([loop(turn([STEP]))], [packed, *start]), "E203", "a loop of 2**20 + 1 turns"
    made = node("Constant", [], ["turns"], integer("value_int", 2**62))
    yield "loop-constant", simple([made, loop(turn([STEP]))], start), "E203", "2**62 turns by a Constant"
    passed = node("Identity", ["most"], ["turns"])
    made = simple([passed, loop(turn([STEP]))], [int64s("most", 2**62), *start])
    yield "loop-passed", made, "E203", "2**62 turns by a constant that a node passed on"
    inner = loop(turn([node("Add", ["s1", "one"], ["s2"])], "s2", 1), state="s0", out="s9")
    made = simple([loop(turn([inner], "s9", 0))], [int64s("turns", 1 << 11), *start])
    yield "loop-nested", made, "E203", "loops of 2**11 turns in one another"
    yield "loop-negative", simple([loop(turn([STEP]))], [int64s("turns", -1), *start]), "E208", "a loop of -1 turns"
    free = node("Loop", ["", "going", "x"], ["y"], graph_attribute("body", turn([STEP])))
    yield "loop-free", simple([free], start), "E208", "a loop without a number of turns"
    asked = [node("Cast", ["total"], ["turns"], integer("to", INT64)), loop(turn([STEP]))]
    made = simple([*condition()[:1], *asked], [*start])
    yield "loop-computed", made, "E208", "a loop whose turns are computed from the rows"
    shape = node("Shape", ["x"], ["turns"], integer("start", 0), integer("end", 1))
    yield "loop-rows", simple([shape, loop(turn([STEP]))], start), "E208", "a loop whose turns are the rows"
    fed = model(
        graph([loop(turn([STEP]))], [value("x"), value("turns", INT64, ())], [value("y")], [FIVE, *start]),
    )
    yield "loop-fed", fed, "E205", "a constant that an input of the same name replaces"
    for name, levels in (("deep", 16), ("abyss", 200)):
        deep = graph([node("Identity", ["x"], ["b"])], [], [value("b")])
        for level in range(levels):
            inside = node("If", ["yes"], [f"b{level}"], graph_attribute("then_branch", deep))
            deep = graph([inside], [], [value(f"b{level}")])
        held = node("If", ["yes"], ["y"], graph_attribute("then_branch", deep))
        made = simple([*condition(), held], [ZERO])
        yield f"nested-{name}", made, "E203", f"graphs nested {levels + 1} deep"


def sizes() -> Iterator[Case]:
    """Constant sizes that a small file could ask for."""
    huge = int64s("size", HUGE, 1)
    for operator, inputs, initializers in (
        ("Expand", ["x", "size"], [huge]),
        ("Tile", ["x", "size"], [huge]),
        ("Pad", ["x", "size"], [int64s("size", 0, 0, HUGE, 0)]),
        ("OneHot", ["w", "size", "pair"], [int64s("size", HUGE, dims=()), doubles("pair", 0.0, 1.0)]),
        ("Range", ["zero", "size", "step"], [int64s("zero", 0, dims=()), int64s("size", HUGE, dims=())]),
    ):
        cast = node("Cast", ["x"], ["w"], integer("to", INT64))
        step = node("ReduceMax", ["w"], ["step"], integer("keepdims", 0))
        made = simple([cast, step, node(operator, inputs, ["y"])], initializers)
        yield f"size-{operator}", made, "E203", f"{operator} to 100 billion elements"
    many = simple([node("Expand", ["x", "size"], ["y"])], [int64s("size", *[2] * 65)])
    yield "size-dimensions", many, "E203", "Expand to 65 dimensions"
    made = simple([node("Conv", ["x", "one"], ["y"], integers("pads", HUGE, HUGE))], [ONE])
    yield "size-pads", made, "E203", "a Conv with pads of 100 billion"
    for name, given, why in (
        ("claimed", tensor("w", DOUBLE, [HUGE]), "100 billion elements without data"),
        ("short", tensor("w", DOUBLE, [3], bytes(16)), "3 elements in 16 bytes"),
        ("long", tensor("w", DOUBLE, [1], bytes(16)), "1 element in 16 bytes"),
        ("zeros", tensor("w", DOUBLE, [0, HUGE], bytes(8)), "no element in 8 bytes"),
        ("overflow", tensor("w", DOUBLE, [1 << 32, 1 << 32], bytes(8)), "2**64 elements"),
        ("negative", tensor("w", DOUBLE, [-1], bytes(8)), "-1 elements"),
        ("two-fields", tensor("w", DOUBLE, [1], bytes(8), more=content(10, bytes(8))), "its data twice"),
        ("other-field", tensor("w", DOUBLE, [1], more=content(4, bytes(8))), "doubles in the field of floats"),
        ("strings", tensor("w", STRING, [1], b"x"), "strings as raw data"),
        ("integers", tensor("w", INT64, [3], more=content(7, b"\x01\x02")), "3 whole numbers, and 2 in its data"),
        ("odd-floats", tensor("w", FLOAT, [1], more=content(4, bytes(5))), "floats of 5 bytes"),
    ):
        made = simple([node("Cast", ["w"], ["v"], integer("to", DOUBLE)), node("Add", ["x", "v"], ["y"])], [given])
        yield f"tensor-{name}", made, "E205", f"a tensor with other dimensions than its data: {why}"
    many = simple([IDENTITY], [tensor("w", DOUBLE, [1] * 17, bytes(8))])
    yield "tensor-dimensions", many, "E203", "a tensor of 17 dimensions"


def names() -> Iterator[Case]:
    twice = [doubles("w", 1), doubles("w", 2)]
    shadowed = loop(turn([node("Add", ["s0", "one"], ["x"])], "x"))
    for name, data, why in (
        ("twice", simple([IDENTITY, IDENTITY]), "by two nodes"),
        ("initializers", simple([node("Add", ["x", "w"], ["y"])], twice), "by two constants"),
        ("shadowed", simple([shadowed], [FIVE, truth("going"), ONE]), "in a loop and outside"),
    ):
        yield f"name-{name}", data, "E205", f"a name is defined twice: {why}"
    ahead = [node("Neg", ["z"], ["y"]), node("Neg", ["x"], ["z"])]
    yield "name-ahead", simple(ahead), "E205", "a node reads what a later one makes"
    circle = [node("Add", ["x", "z"], ["y"]), node("Neg", ["y"], ["z"])]
    yield "name-circle", simple(circle), "E205", "two nodes read one another"
    yield "name-nowhere", simple([node("Neg", ["q"], ["y"])]), "E205", "a name that nothing defines"
    yield "name-output", simple([node("Neg", ["x"], ["z"])]), "E205", "an output that nothing makes"
    first = branch([node("Neg", ["x"], ["a"])], "a")
    second = branch([node("Neg", ["a"], ["b"])], "b")
    made = simple([*condition(), either(first, second)], [ZERO])
    yield "name-sibling", made, "E205", "a branch reads what the other one makes"
    bad = graph([node("Neg", ["x"], ["x2"])], [value("x")], [])
    odd = content(1, b"\xff\xfe") + value("", DOUBLE)[2:]
    yield "name-utf8", model(bad + content(11, odd)), "E205", "an input whose name is not UTF-8"


def wire() -> Iterator[Case]:
    sound = SOUND
    body = graph([IDENTITY], [value("x")], [value("y")])
    for name, data, code, why in (
        ("empty", b"", "E208", "no bytes, so no version"),
        ("text", b"this is no model", "E205", "a text"),
        ("cut", sound[:-3], "E205", "cut short"),
        ("no-graph", number(1, 10) + each(8, STANDARD), "E205", "no graph"),
        ("two-graphs", model(body) + content(7, body), "E205", "two graphs, which some readers merge"),
        ("unknown", simple([IDENTITY], outer=number(99, 1)), "E208", "an unknown field"),
        ("unknown-node", simple([node("Identity", ["x"], ["y"], more=number(31, 1))]), "E208", "an unknown field"),
        ("wire-type", simple([IDENTITY], outer=number(2, 1)), "E205", "a number in the place of a text"),
        ("group", simple([IDENTITY], outer=b"\x13\x14"), "E205", "a group"),
        ("field-0", simple([IDENTITY], outer=b"\x02\x00"), "E208", "the field number 0"),
        ("long-tag", b"\x88\x00\x0a" + sound[2:], "E205", "a tag longer than necessary"),
        ("long-number", b"\x08" + b"\x80" * 10 + b"\x00" + sound[2:], "E205", "a number of 11 bytes"),
        ("wide-number", b"\x08" + b"\xff" * 9 + b"\x02" + sound[2:], "E205", "a number of 65 bits"),
        (
            "length",
            simple([IDENTITY], outer=b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
            "E205",
            "2**63 bytes of text",
        ),
        ("tag-cut", simple([IDENTITY], outer=b"\x92"), "E205", "a tag cut short"),
    ):
        yield f"wire-{name}", data, code, f"the bytes: {why}"
    attribute_twice = node("Cast", ["x"], ["y"], integer("to", 1), integer("to", DOUBLE))
    yield "attribute-twice", simple([attribute_twice]), "E205", "an attribute twice"
    mistyped = node("Cast", ["x"], ["y"], attribute("to", 1, b"\x15\0\0\0\0"))
    yield "attribute-type", simple([mistyped]), "E205", "an attribute of another type"
    two = node("Cast", ["x"], ["y"], attribute("to", 2, number(3, DOUBLE) + content(4, "x")))
    yield "attribute-two-values", simple([two]), "E205", "an attribute with two values"


def versions() -> Iterator[Case]:
    body = graph([IDENTITY], [value("x")], [value("y")])
    for name, version in (("0", 0), ("3", 3), ("99", 99), ("negative", -1)):
        yield f"ir-{name}", model(body, ir_version=version), "E208", f"IR version {version}"
    for name, version in (("12", 12), ("27", 27), ("0", 0)):
        made = model(body, opsets=[opset("", version), opset("ai.onnx.ml", 5)])
        yield f"opset-{name}", made, "E208", f"operator set {version}"
    twice = model(body, opsets=[*STANDARD, opset("", 20)])
    yield "opset-twice", twice, "E205", "an operator set twice"
    yield "opset-unlisted", model(body, opsets=[opset("", 21)]), "E205", "other operator sets than the manifest says"
