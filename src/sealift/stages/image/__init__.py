"""The image stage: convert pixels to the tensor that the graph computes with (spec/IMAGE.md).

Only the arithmetic of resizing exists so far. No contract can declare the stage yet.
"""
