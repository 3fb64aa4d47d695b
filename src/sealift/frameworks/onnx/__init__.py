"""ONNX files as models: the file's own graph behind the contract's inputs."""
