"""User functions, traced: run once on arrays and data frames that record the operations as nodes of the graph."""

from sealift.tracing import (
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

# Modules that register operations when they are imported (`dispatch`).
_REGISTERED = (
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

__all__ = ["trace", "trace_series"]
