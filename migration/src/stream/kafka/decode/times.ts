import { dateOf } from '../../../database/calendar.ts';

const two = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const microsPerDay = 86_400_000_000;

const infiniteDate = 2146033979;
const negativeInfiniteDate = -2147472691;
/** 4714-11-24 BC and 5874897-12-31. */
const [firstDay, lastDay] = [-2440588, 2145042905];

/** Of days since 1970; undefined when there is no such date. */
export function dateText(days: number): string | undefined {
  if (days === infiniteDate) return 'infinity';
  if (days === negativeInfiniteDate) return '-infinity';
  if (!(days >= firstDay && days <= lastDay)) return undefined;
  const [text, era] = dateOf(days);
  return text + era;
}

function clock(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const text = `${two[Math.floor(seconds / 3600)]}:${two[Math.floor(seconds / 60) % 60]}:${two[seconds % 60]}`;
  const fraction = micros - seconds * 1e6;
  return fraction === 0 ? text : `${text}.${trimZeros(String(fraction).padStart(6, '0'))}`;
}

function trimZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 48) end -= 1;
  return digits.slice(0, end);
}

/** Of microseconds since midnight. */
export const timeText = (micros: number): string | undefined =>
  micros >= 0 && micros <= microsPerDay ? clock(micros) : undefined;

let lastDays = Number.NaN;
let lastDate = dateOf(0);

function dayAndClock(days: number, micros: number): string {
  if (days !== lastDays) {
    lastDays = days;
    lastDate = dateOf(days);
  }
  const [date, era] = lastDate;
  return `${date} ${clock(micros)}${era}`;
}

const [earliest, perDay] = [-210_866_803_200_000_000n, BigInt(microsPerDay)];
const [infinite, negativeInfinite] = ['9223372036854775807', '-9223372036854775808'];

/** Where the 64 bits end in which Debezium counts microseconds since 1970; PostgreSQL goes on until 294276. */
export const lateTime = '294247-01-10 04:00:54.775807';

/** Whether it is a type of times that are counted so. */
export const withoutZone = (type: string): boolean =>
  /^timestamp(\(\d\))? without time zone$/.test(type);

/** Whether a count may stand for a late time: without a fraction it comes as infinity, with one as a time long ago. */
export const mayBeLate = (micros: unknown): boolean =>
  typeof micros === 'string' &&
  (micros === infinite || (micros.startsWith('-') && BigInt(micros) < earliest));

/** Whether it is one, since nothing else comes so. */
export const isLate = (micros: unknown): boolean =>
  mayBeLate(micros) && micros !== infinite && micros !== negativeInfinite;

/** Whether it is infinity, or a late time without a fraction, which comes alike. */
export const isInfinite = (micros: unknown): boolean => micros === infinite;

/**
 * A late time that is no infinity, for one that is known by its fraction of a second alone: as a key it is told from infinity, and
 * the same in whatever is said of the row.
 */
export function lateStandIn(micros: string): string {
  const fraction = BigInt(micros) - BigInt(negativeInfinite) + 1n;
  return `294276-12-31 23:59:59.${String(fraction).padStart(6, '0')}`;
}

/** Of microseconds since 1970; undefined when there is no such time. */
export function timestampText(micros: number | string): string | undefined {
  if (typeof micros === 'number') {
    const days = Math.floor(micros / microsPerDay);
    return dayAndClock(days, micros - days * microsPerDay);
  }
  if (micros === infinite) return 'infinity';
  if (micros === negativeInfinite) return '-infinity';
  const long = BigInt(micros);
  if (long < earliest) return undefined;
  const rest = ((long % perDay) + perDay) % perDay;
  return dayAndClock(Number((long - rest) / perDay), Number(rest));
}

const zoned = /^([+-]?)(\d{4,})-(\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/;

/** Of an ISO text in UTC. */
export function timestamptzText(iso: string): string | undefined {
  // The common form is cut, not matched: 2024-02-29T11:14:15.123456Z
  if (
    iso.length === 27 &&
    iso.charCodeAt(10) === 84 &&
    iso.charCodeAt(19) === 46 &&
    iso.charCodeAt(26) === 90 &&
    !iso.startsWith('0000')
  ) {
    let end = 26;
    while (iso.charCodeAt(end - 1) === 48) end -= 1;
    return `${iso.slice(0, 10)} ${iso.slice(11, end === 20 ? 19 : end)}+00`;
  }
  if (iso === 'infinity' || iso === '-infinity') return iso;
  const match = zoned.exec(iso);
  if (!match) return undefined;
  const [, sign, digits = '', day, time, fraction = ''] = match;
  const year = sign === '-' ? -Number(digits) : Number(digits);
  const kept = trimZeros(fraction);
  return `${String(year > 0 ? year : 1 - year).padStart(4, '0')}-${day} ${time}${kept === '' ? '' : `.${kept}`}+00${year > 0 ? '' : ' BC'}`;
}
