"""A trace replaces names in the modules that the function refers to and nowhere else, whatever other threads do."""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

from parity import fields_of
from sealift.frameworks import convert

X = np.round(np.random.default_rng(0).normal(size=(20, 2)), 2)

_MODULES = {
    "traced_main": """
        import numpy as np
        import pandas as pd
        import traced_helper
        from traced_steps import Scaler

        def direct(x): pause(); return np.column_stack([np.asarray(x), np.zeros(len(x))])
        def by_helper(x): return traced_helper.ones_beside(x)
        def by_class(x): return Scaler()(x)
        def imports_inside(x):
            from traced_inner import ones_beside
            return ones_beside(x)
        def pause(): pass

        class Proxy:
            # As the request of a web framework: it has a class, attributes and a truth value only while one is served.
            def __getattribute__(self, name): raise RuntimeError("outside of a request")
            def __bool__(self): raise RuntimeError("outside of a request")
        request = Proxy()
        several = [Proxy(), {"request": Proxy()}]
    """,
    "traced_helper": """
        import numpy as np
        from traced_far import asarray

        def ones_beside(x): return np.column_stack([asarray(x), np.ones(len(x))])
    """,
    "traced_far": "from numpy import asarray",
    "traced_inner": """
        import numpy as np
        def ones_beside(x): return np.column_stack([np.asarray(x), np.ones(len(x))])
    """,
    "traced_steps": """
        import numpy as np
        from traced_base import Base
        class Scaler(Base):
            def __call__(self, x): return self.twice(np.asarray(x))
    """,
    "traced_base": """
        import numpy as np
        class Base:
            def twice(self, x): return np.asarray(x) * np.full(len(x), 2.0)[:, None]
    """,
    "traced_stranger": """
        import numpy as np
        import pandas as pd
        from numpy import asarray
        def rows(x): return np.asarray(x)
    """,
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    for name, source in _MODULES.items():
        lines = source.strip("\n").split("\n")
        indent = len(lines[0]) - len(lines[0].lstrip())
        (tmp_path / f"{name}.py").write_text("\n".join(line[indent:] for line in lines) + "\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield {name: importlib.import_module(name) for name in _MODULES}
    for name in _MODULES:
        sys.modules.pop(name, None)


def converted(function: Any) -> Any:
    fields, nulls = fields_of(X)
    return convert(FunctionTransformer(function).fit(X), fields, nulls)


def converted_without_fit(function: Any) -> Any:
    fields, nulls = fields_of(X)
    return convert(FunctionTransformer(function), fields, nulls)


@pytest.mark.parametrize("name", ["direct", "by_helper", "by_class", "imports_inside"])
def test_names_are_replaced_in_the_modules_that_the_function_refers_to(
    modules: dict[str, ModuleType], name: str
) -> None:
    before = {module: dict(vars(held)) for module, held in modules.items()}
    width = 2 if name == "by_class" else 3
    assert converted(getattr(modules["traced_main"], name)).outputs[0].width == width
    assert {module: dict(vars(held)) for module, held in modules.items()} == before


def test_no_other_module_is_changed(modules: dict[str, ModuleType]) -> None:
    held = {}

    def look() -> None:
        held.update({name: dict(vars(sys.modules[name])) for name in _MODULES})

    modules["traced_main"].pause = look  # type: ignore[attr-defined]
    converted(modules["traced_main"].direct)
    assert held["traced_main"]["np"] is not np
    assert held["traced_helper"]["np"] is not np
    assert held["traced_stranger"]["np"] is np
    assert held["traced_stranger"]["pd"] is pd
    assert held["traced_stranger"]["asarray"] is np.asarray


def test_another_thread_computes_as_before_during_a_trace(modules: dict[str, ModuleType]) -> None:
    main = modules["traced_main"]
    inside, done = threading.Event(), threading.Event()

    def pause() -> None:
        inside.set()
        assert done.wait(30)

    def other() -> Any:
        assert inside.wait(30)
        try:
            main.later = 7  # type: ignore[attr-defined]
            main.pd = "bound meanwhile"  # type: ignore[attr-defined]
            return (
                modules["traced_helper"].ones_beside(X),
                main.np.zeros(3),
                modules["traced_stranger"].rows is not None,
            )
        finally:
            done.set()

    main.pause = pause  # type: ignore[attr-defined]
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(other)
        conversion = pool.submit(converted, main.direct)
        rows, zeros, _ = answer.result(60)
        assert conversion.result(60).outputs[0].width == 3
    assert np.array_equal(rows, np.column_stack([X, np.ones(len(X))]))
    assert np.array_equal(zeros, np.zeros(3))
    assert main.later == 7
    assert main.pd == "bound meanwhile"
    assert main.np is np


def test_traces_in_many_threads_give_what_one_gives(modules: dict[str, ModuleType]) -> None:
    functions = [getattr(modules["traced_main"], name) for name in ("by_helper", "by_class", "imports_inside")] * 4
    alone = [converted(function).model().SerializeToString() for function in functions]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda function: converted(function).model().SerializeToString(), functions))
    assert together == alone
    assert modules["traced_main"].np is np
    assert modules["traced_base"].np is np


def test_a_trace_leaves_the_warning_filters_of_the_process() -> None:
    seen: list[Any] = []

    def warns(x: Any) -> Any:
        seen.append(list(warnings.filters))
        warnings.warn("of the function", UserWarning, stacklevel=1)
        return x * 2

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        converted_without_fit(warns)
        assert list(warnings.filters) == before
    assert seen == [before]
    assert [str(warning.message) for warning in caught] == ["of the function"]
