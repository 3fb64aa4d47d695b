"""The primitives of JAX as operators of ONNX: a jaxpr with a free number of rows becomes a graph.

`program.py` walks the equations; the other modules register one function for each primitive.
"""
