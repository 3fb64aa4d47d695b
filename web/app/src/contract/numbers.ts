/** The display of numbers (spec/CONTRACT.md §7). The Python implementation is in contract/numbers.py. */

const DIGITS = 5;
const [SMALLEST, LARGEST] = [1e-4, 2 ** 53];
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const NO_BREAK = "\u00a0";

/** Five significant digits, and all digits of the whole part: `1,312,094`; digits are grouped from 10,000 on. */
export function readable(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 ? "-" : "";
  const size = Math.abs(value);
  if (size === Infinity) return `${sign}∞`;
  if (size === 0) return "0";
  if (size < SMALLEST || size >= LARGEST) {
    const [mantissa, power] = size.toExponential(DIGITS - 1).split("e") as [string, string];
    return `${sign}${trimmed(mantissa)}${NO_BREAK}×${NO_BREAK}10${raised(Number(power))}`;
  }
  const places = Math.max(0, DIGITS - String(Math.trunc(size)).length);
  const text = trimmed(size < 1 ? size.toPrecision(DIGITS) : size.toFixed(places));
  const [whole, fraction] = text.split(".") as [string, string?];
  const grouped = whole.length >= DIGITS ? whole.replace(/\B(?=([0-9]{3})+$)/g, ",") : whole;
  return `${sign}${grouped}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** A probability as a percentage; never rounded to 0 % or 100 %. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return `<${NO_BREAK}0.1${NO_BREAK}%`;
  if (share < 1 && share > 0.999) return `>${NO_BREAK}99.9${NO_BREAK}%`;
  return `${(share * 100).toFixed(1)}${NO_BREAK}%`;
}

/** The text without trailing zeros of a fraction. */
function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function raised(power: number): string {
  return (
    (power < 0 ? "⁻" : "") + [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("")
  );
}
