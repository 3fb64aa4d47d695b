"""Display of numbers, the same in the page, the card and the command line (spec/CONTRACT.md §7)."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

_DIGITS = 5
_SMALLEST, _LARGEST = 1e-4, 2.0**53
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NO_BREAK = "\u00a0"


def readable(value: float) -> str:
    """A number with at least five significant digits and its full integer part: `1,312,094`, `0.12346`.

    Thousands are grouped from 10,000 on. Below 0.0001 and from 2**53 on it is written with a power of ten.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size == 0:
        return "0"
    if not _SMALLEST <= size < _LARGEST:
        rounded = _rounded(size).as_tuple()
        digits = "".join(map(str, rounded.digits))
        power = str(len(digits) - 1 + int(rounded.exponent)).translate(_SUPERSCRIPTS)
        mantissa = f"{digits[0]}.{digits[1:]}".rstrip("0").rstrip(".")
        return f"{sign}{mantissa}{_NO_BREAK}×{_NO_BREAK}10{power}"
    if size < 1:
        exact = _rounded(size)
    else:
        places = max(0, _DIGITS - len(str(int(size))))
        exact = Decimal(size).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, fraction = f"{exact:f}".partition(".")
    fraction = fraction.rstrip("0")
    grouped = f"{int(whole):,}" if len(whole) >= _DIGITS else whole
    return f"{sign}{grouped}{'.' * bool(fraction)}{fraction}"


def percent(share: float) -> str:
    """A probability as `33.0 %`; never rounded to 0 or 100 % where it is not exactly that."""
    if 0 < share < 0.001:
        return f"<{_NO_BREAK}0.1{_NO_BREAK}%"
    if 0.999 < share < 1:
        return f">{_NO_BREAK}99.9{_NO_BREAK}%"
    return f"{Decimal(share * 100).quantize(Decimal('0.1'), ROUND_HALF_UP)}{_NO_BREAK}%"


def _rounded(size: float) -> Decimal:
    return Context(prec=_DIGITS, rounding=ROUND_HALF_UP).create_decimal(Decimal(size))


def exponential(value: float) -> str:
    """A small number by its exponent, as the page writes tolerances (ECMAScript's toExponential): `1e-9`, `2.5e-6`."""
    shortest = next(text for n in range(18) if float(text := f"{value:.{n}e}") == value)
    mantissa, _, exponent = shortest.partition("e")
    return f"{mantissa}e{int(exponent):+d}"
