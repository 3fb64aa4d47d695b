"""Programs of the peers, which run in environments of their own; each is configured by environment variables.

`BENCH_MODEL` is the folder that `bench.serve.models` prepares, `BENCH_PORT` the port.
"""
