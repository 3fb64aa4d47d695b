"""Functions of the user's own, followed by running them once on stand-ins for arrays and data frames."""

from sealift.convert.trace import functions, joining, making
from sealift.convert.trace.run import trace, trace_series

__all__ = ["functions", "joining", "making", "trace", "trace_series"]
