"""HTTP: messages, limits of bodies, routes, and the ASGI application."""
