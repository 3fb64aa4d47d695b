"""Saved estimators: .skops files, which run no code, and pickles, which can run any."""

from __future__ import annotations

from pathlib import Path

from sealift.errors import PackError
from sealift.frameworks.base import Trust
from sealift.frameworks.model_files import broken
from sealift.optional import need

# Types that skops does not trust, although creating one runs no code.
_HARMLESS = frozenset({"numpy.dtype"})


def from_skops(path: Path, trust: Trust) -> object:
    """The model in a .skops file. Raises PackError E307 for types that `trust` does not name, E308 as `open_model`."""
    skops = need("skops.io", "sklearn", "Opening this file", where=str(path))
    try:
        unknown = sorted(set(skops.get_untrusted_types(file=path)) - _HARMLESS - set(trust.types))
    except Exception as error:  # a damaged file can raise any exception
        raise broken(path, error) from error
    if unknown:
        listed = ", ".join(unknown[:8]) + (f" and {len(unknown) - 8} more" if len(unknown) > 8 else "")
        options = " ".join(f"--trust {kind}" for kind in unknown[:8])
        raise PackError(
            "E307",
            f"The file uses types that skops does not know to be harmless: {listed}.",
            where=str(path),
            fix=f"If you know where the file and these types come from, add {options}; in Python, pack what "
            "skops.io.load gives.",
        )
    try:
        return skops.load(path, trusted=[*_HARMLESS, *trust.types])
    except Exception as error:
        raise broken(path, error) from error


def from_pickle(path: Path, trust: Trust) -> object:
    """The model in a pickle. Raises PackError E307 where `trust` does not permit it, E308 as `open_model`."""
    if not trust.pickle:
        raise PackError(
            "E307",
            "A pickle can run any code on this machine at the moment it is opened, whoever made it.",
            where=str(path),
            fix="If it is your own file, add --trust-pickle, or in Python pack what joblib.load gives; if not, ask for "
            "a .skops file (skops.io.dump).",
        )
    joblib = need("joblib", "sklearn", "Opening this file", where=str(path))
    try:
        return joblib.load(path)
    except Exception as error:  # the code of a pickle can raise any exception
        raise broken(path, error) from error
