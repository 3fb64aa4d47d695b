"""An OpenAPI 3.1 document of the routes, with the schemas of the models' rows."""

from sealift.serve.openapi.document import document

__all__ = ["document"]
