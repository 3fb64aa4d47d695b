"""The ONNX graph under construction: builder, tensors, tables of columns, shared operations; imports no framework."""
