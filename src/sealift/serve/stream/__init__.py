"""Messages of a broker, answered through the data plane: from one queue, topic or subject to another."""
