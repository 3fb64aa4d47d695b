"""Functions of JAX and the modules of its libraries: Flax, Equinox, and Keras with the backend JAX."""
