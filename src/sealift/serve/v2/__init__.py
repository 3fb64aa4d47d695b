"""The Open Inference Protocol, version 2 (KServe): tensors in JSON and in the binary extension."""
