/** Dates and times: local ISO 8601 strings, and microseconds since 1970 (spec/CONTRACT.md §2; contract/datetimes.py). */

export const DAY = 86_400_000_000;
const ISO =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?)?$/;
const ISO_START = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?/;
const ZONE = /^(Z|[+-][0-9]{2}(:?[0-9]{2})?|[A-Z]{3,4})$/;

/** The microseconds of a string; undefined if it is not a date, has a time of day despite `isDay`, or is not exact as a double. */
export function microsOf(text: string, isDay = false): number | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  // Whole seconds of all these years are exact as doubles; only a fraction may not be.
  const whole = daysFromCivil(year, month, day) * DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000;
  const fraction = Number((match[7] ?? "").padEnd(6, "0"));
  const micros = whole + fraction;
  if (micros - whole !== fraction) return undefined;
  return isDay && micros % DAY !== 0 ? undefined : micros;
}

/** The canonical string: `2024-03-01`, `2024-03-01T12:30:00`, `2024-03-01T12:30:00.5`. */
export function textOf(micros: number, isDay = false): string {
  const days = Math.floor(micros / DAY);
  // The quotient may have been rounded up to the next day.
  const late = micros < days * DAY ? 1 : 0;
  const rest = micros - (days - late) * DAY;
  const [year, month, day] = civilFromDays(days - late);
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  if (isDay) return date;
  const seconds = Math.floor(rest / 1_000_000);
  const fraction = rest % 1_000_000;
  const tail = fraction ? `.${pad(fraction, 6)}`.replace(/0+$/, "") : "";
  return `${date}T${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}${tail}`;
}

/** Advice about a refused string for the end of its message, with a leading space; may be empty. */
export function hint(text: string): string {
  const trimmed = text.trim();
  if (/^[^ ]+ /.test(trimmed) && ISO.test(trimmed.replace(" ", "T")))
    return " Write a T between date and time.";
  const start = ISO_START.exec(trimmed.replaceAll(" ", "T"));
  const rest = start ? trimmed.slice(start[0].length).trim() : "";
  return ZONE.test(rest) ? " Time zones are not supported: give the local time without one." : "";
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719_468
  );
}

/** Year, month and day (the same source, civil_from_days). */
function civilFromDays(days: number): [number, number, number] {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * dayOfYear + 2) / 153);
  const month = m < 10 ? m + 3 : m - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - Math.floor((153 * m + 2) / 5) + 1];
}
