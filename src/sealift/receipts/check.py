"""Check a receipt without the server: its signature, the model that it names, and the rows; compute it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from sealift import canonical
from sealift.contract import Output
from sealift.contract.outputs import output_kind
from sealift.errors import ServeError
from sealift.receipts.compact import opened
from sealift.receipts.rows import AnsweredRows, answered_by
from sealift.receipts.statement import Statement
from sealift.receipts.values import input_digest, output_digest, output_values
from sealift.runtime import SealedModel, load
from sealift.seal.signature import load_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PublicKey: TypeAlias = Union["Ed25519PublicKey", Path, str]
Agreement: TypeAlias = Literal["exact", "tolerance", "none"]


@dataclass(frozen=True)
class Replay:
    """The result of computing a receipt's answers again.

    Attributes:
        statement: what the receipt states.
        agreement: `exact` where every answer has the same bits; `tolerance` where the answers differ by no more than
            the tolerance in the sealed file; else `none`.
        differing: the number of rows with other bits; None where the receipt has only a digest of its answers, and that
            differs.
        beyond: the number of rows that differ by more than the tolerance; None in the same case.
        worst: output → the worst difference, in units of the tolerance's magnitude; empty in the same case.
    """

    statement: Statement
    agreement: Agreement
    differing: int | None
    beyond: int | None
    worst: Mapping[str, float]


def verify_receipt(
    receipt: str, key: PublicKey, *, model: SealedModel | Path | str | None = None, rows: Any = None
) -> Statement:
    """Check a receipt offline, and return what it states.

    Args:
        receipt: its text.
        key: the public key of the server's receipts, or its file.
        model: the sealed file that must have answered.
        rows: the rows that must have been answered, as for `answered_by`; they need `model`.

    Raises:
        ServeError: E776 for a malformed receipt, E777 where the key did not sign it, E778 where the model or the rows
            are others. SignatureError: E501.
        ValueError: `rows` without `model`.
        FileError, SealError, ContractError: as `sealift.load` and `answered_by`.
    """
    if rows is not None and model is None:
        raise ValueError("rows can be compared only with a model, whose contract says how they are read")
    statement = opened(receipt, load_public_key(Path(key)) if isinstance(key, str | Path) else key)
    if model is not None:
        loaded = _loaded(model)
        _check_model(statement, loaded)
        if rows is not None:
            _check_rows(statement, loaded, answered_by(loaded, rows))
    return statement


def replay_receipt(receipt: str, model: SealedModel | Path | str, rows: Any, *, key: PublicKey | None = None) -> Replay:
    """Compute the answers of a receipt again with the sealed file, and compare.

    Args:
        receipt, model, rows: as for `verify_receipt`.
        key: the public key; None does not check the signature.

    Raises:
        As `verify_receipt`.
    """
    statement = opened(receipt, load_public_key(Path(key)) if isinstance(key, str | Path) else key)
    loaded = _loaded(model)
    _check_model(statement, loaded)
    parts = answered_by(loaded, rows)
    _check_rows(statement, loaded, parts)
    got = output_values(loaded.contract, parts)
    if statement.values is None:
        if output_digest(got, bytes.fromhex(statement.salt)) == statement.output_digest:
            return Replay(statement, "exact", 0, 0, dict.fromkeys(got, 0.0))
        return Replay(statement, "none", None, None, {})
    return _compared(statement, statement.values, got, loaded)


def _compared(statement: Statement, expected: Mapping[str, Any], got: Mapping[str, Any], model: SealedModel) -> Replay:
    if set(expected) != set(got):
        raise _other("The outputs of the receipt are not those of the model.")
    other = np.zeros(statement.rows, dtype=np.bool_)
    beyond = np.zeros(statement.rows, dtype=np.bool_)
    worst: dict[str, float] = {}
    for output in model.contract.outputs:
        name = output.name
        pairs = list(zip(got[name], expected[name], strict=True))
        other |= [canonical.dumps(one) != canonical.dumps(two) for one, two in pairs]
        both = np.array([one is not None and two is not None for one, two in pairs], dtype=np.bool_)
        beyond |= [(one is None) != (two is None) for one, two in pairs]
        kept = [pair for pair, is_kept in zip(pairs, both.tolist(), strict=True) if is_kept]
        try:
            answers, stated = (_array(output, [pair[at] for pair in kept]) for at in (0, 1))
        except (ValueError, TypeError, OverflowError):
            raise _other(f"The answers of the output {name!r:.80} are not those of the model.") from None
        tolerance = model.examples.tolerance.get(name)
        same, worst[name] = output_kind(output).compare_as(output, answers, stated, tolerance)
        beyond[np.flatnonzero(both)[~same]] = True
    agreement: Agreement = "none" if beyond.any() else "tolerance" if other.any() else "exact"
    return Replay(statement, agreement, int(other.sum()), int(beyond.sum()), worst)


def _array(output: Output, values: list[Any]) -> npt.NDArray[Any]:
    """The answers of a receipt as an array, (N,) or (N, width)."""
    kind = {"float64": np.float64, "float32": np.float64, "bool": np.bool_}.get(output.dtype, np.object_)
    if kind is np.float64:
        values = [_numbers(value) for value in values]
    free = np.shape(values[0]) if values and None in output.axes else output.axes
    array: npt.NDArray[Any] = np.empty((len(values), *(size or 1 for size in free)), dtype=kind)
    for at, value in enumerate(values):
        array[at] = value
    return array


def _numbers(value: Any) -> Any:
    return [_numbers(each) for each in value] if isinstance(value, list) else canonical.number(value)


def _loaded(model: SealedModel | Path | str) -> SealedModel:
    return model if isinstance(model, SealedModel) else load(model)


def _check_model(statement: Statement, model: SealedModel) -> None:
    if statement.identity != model.identity:
        raise ServeError(
            "E778",
            f"The receipt is of {statement.name} {statement.version} with the identity {statement.identity[:12]}…, and "
            f"the file is {model.name} {model.version} with the identity {model.identity[:12]}….",
            fix="Use the sealed file that answered.",
        )
    if (statement.name, statement.version) != (model.name, model.version):
        raise _other("The name or the version in the receipt is not that of the model.")


def _check_rows(statement: Statement, model: SealedModel, parts: Sequence[AnsweredRows]) -> None:
    count = sum(len(part.batch) for part in parts)
    if count != statement.rows:
        raise ServeError(
            "E778",
            f"The receipt is for {statement.rows} rows, and there are {count}.",
            fix="Give the rows of the request, all of them and in their order.",
        )
    if input_digest(model.contract, parts, bytes.fromhex(statement.salt)) != statement.input_digest:
        raise ServeError(
            "E778",
            "The rows are not those of the receipt: their digest differs.",
            fix="Give the rows of the request, all of them and in their order.",
        )


def _other(what: str) -> ServeError:
    return ServeError("E778", what, fix="Do not rely on this receipt.")
