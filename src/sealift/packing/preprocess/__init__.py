"""What is between a row and a net's tensor: the user's own preprocessing, as a stage and as the original of it."""

from sealift.packing.preprocess.base import Preprocessing, Recogniser, recognised
from sealift.packing.preprocess.image import Image, ImagePreprocessing
from sealift.packing.preprocess.source import PreprocessedSource, with_preprocessing

__all__ = [
    "Image",
    "ImagePreprocessing",
    "PreprocessedSource",
    "Preprocessing",
    "Recogniser",
    "recognised",
    "with_preprocessing",
]
