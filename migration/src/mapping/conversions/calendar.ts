/** Days since 1970-01-01 ↔ dates as PostgreSQL writes them; the language's own Date ends in the year 275760. */

const daysOfEra = 146_097;
/** From 0000-03-01, with which a count of years begins whose last day is the leap day, to 1970. */
const toMarch = 719_468;

const written = (year: number, month: number, day: number): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

/** Date, and the era that follows the time of day. */
export function dateOf(days: number): readonly [string, string] {
  const shifted = days + toMarch;
  const era = Math.floor(shifted / daysOfEra);
  const dayOfEra = shifted - era * daysOfEra;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * march + 2) / 5) + 1;
  const month = march < 10 ? march + 3 : march - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  // there is no year 0
  return year > 0 ? [written(year, month, day), ''] : [written(1 - year, month, day), ' BC'];
}

export function dayOf(
  [shown, month, day]: readonly [number, number, number],
  beforeChrist: boolean,
): number {
  const year = (beforeChrist ? 1 - shown : shown) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * daysOfEra + dayOfEra - toMarch;
}
