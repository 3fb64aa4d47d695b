"""User functions, traced: run once on arrays and data frames that record the operations as nodes of the graph."""

# Imported because these modules register their operations (`dispatch`).
from sealift.tracing import (  # noqa: F401
    creation,
    date_parts,
    datetime_methods,
    frame_methods,
    indexing,
    joining,
    methods,
    numpy_functions,
    numpy_protocol,
    series_methods,
    strings,
)
from sealift.tracing.trace_function import trace, trace_series

__all__ = ["trace", "trace_series"]
