"""Functions of the user's own, followed by running them once on stand-ins for arrays and data frames."""

from sealift.tracing import creation, joining, numpy_functions
from sealift.tracing.trace_function import trace, trace_series

__all__ = ["creation", "joining", "numpy_functions", "trace", "trace_series"]
