"""The engines that run a sealed graph: ONNX Runtime, and its WebAssembly build, which the page uses."""
