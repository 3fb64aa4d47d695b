"""Traces and metrics over OTLP: from the workers through shared memory to one process that exports them."""
