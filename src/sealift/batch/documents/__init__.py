"""Documents as rows of a model of texts: TXT and DOCX, read as in the page (spec/DOCUMENTS.md)."""

from sealift.batch.documents.read import ReadDocument, document_text
from sealift.batch.documents.refusal import DocumentError

__all__ = ["DocumentError", "ReadDocument", "document_text"]
