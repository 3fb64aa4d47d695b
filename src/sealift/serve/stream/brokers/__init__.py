"""One module for each broker: `connection(settings, place)` makes a `sealift.serve.stream.messages.Broker`."""
