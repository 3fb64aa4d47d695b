"""Trained model → sealed file: convert, verify, describe, write."""

from sealift.errors import MissingExtraError

try:
    from sealift.packing.model_card import ModelCard
    from sealift.packing.options import ContractOptions, PrivacyOptions, ProofOptions
    from sealift.packing.output_file import OutputFile
    from sealift.packing.packed import Packed
    from sealift.packing.pipeline import pack
    from sealift.packing.proof.report import Report
except ModuleNotFoundError as error:
    if error.name != "onnx":
        raise
    raise MissingExtraError(
        "E405",
        "Packing needs onnx, which is not installed.",
        fix="Install it with: pip install 'sealift[sklearn]'.",
    ) from None

__all__ = [
    "ContractOptions",
    "ModelCard",
    "OutputFile",
    "Packed",
    "PrivacyOptions",
    "ProofOptions",
    "Report",
    "pack",
]
