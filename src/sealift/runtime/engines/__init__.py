"""The engines that run a sealed graph: ONNX Runtime itself, and its WebAssembly build, the page's engine."""
