/**
 * Days since 1970-01-01 ↔ dates of the Gregorian calendar at all times, as PostgreSQL writes them; the language's own Date ends in
 * the year 275760 (Hinnant, "chrono-compatible low-level date algorithms").
 */

const daysOfEra = 146_097;
/** From 0000-03-01, with which a count of years begins whose last day is the leap day, to 1970. */
const toMarch = 719_468;

const two = Array.from({ length: 32 }, (_, n) => String(n).padStart(2, '0'));

/** Date, and the era that follows the time of day. */
export function dateOf(days: number): readonly [date: string, era: '' | ' BC'] {
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
  const month = march < 10 ? march + 3 : march - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const day = two[dayOfYear - Math.floor((153 * march + 2) / 5) + 1] ?? '';
  // there is no year 0
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0');
  return [`${shown}-${two[month] ?? ''}-${day}`, year > 0 ? '' : ' BC'];
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
