import { dateOf, dayOf } from '../../database/calendar.ts';
import type { Way } from './conversion.ts';

/** What timestamptz holds (PostgreSQL documentation, table 8.9), in seconds since 1970. */
const first = -210_866_803_200n;
const end = 9_224_318_016_000n;
const secondsOfDay = 86_400n;

interface Unit {
  readonly name: string;
  /** Of a second. */
  readonly parts: bigint;
  readonly digits: number;
  readonly trunc: string;
}
export const seconds: Unit = { name: 'seconds', parts: 1n, digits: 0, trunc: 'second' };
export const milliseconds: Unit = {
  name: 'milliseconds',
  parts: 1_000n,
  digits: 3,
  trunc: 'milliseconds',
};

const two = (value: bigint): string => String(value).padStart(2, '0');

export const epochToTimestamp = ({ name, parts, digits }: Unit): Way => ({
  text(value) {
    if (!/^-?\d+$/.test(value)) return null;
    const moment = BigInt(value);
    if (moment < first * parts || moment >= end * parts) return null;
    const perDay = secondsOfDay * parts;
    const ofDay = ((moment % perDay) + perDay) % perDay;
    const [date, era] = dateOf(Number((moment - ofDay) / perDay));
    const [second, part] = [ofDay / parts, ofDay % parts];
    const fraction = part === 0n ? '' : `.${String(part).padStart(digits, '0')}`.replace(/0+$/, '');
    const time = [second / 3_600n, (second / 60n) % 60n, second % 60n].map(two).join(':');
    return `${date} ${time}${fraction}+00${era}`;
  },
  exact: (column) => `${column} BETWEEN ${first * parts} AND ${end * parts - 1n}`,
  // whole days apart from the rest: a number of seconds or an interval of them goes through a float, which rounds
  sql: (column) => {
    const perDay = secondsOfDay * parts;
    const [days, rest] = [`(${column}::bigint / ${perDay})::int`, `${column}::bigint % ${perDay}`];
    return (
      `(timestamp '1970-01-01' + make_interval(days => ${days}) + ` +
      `make_interval(secs => (${rest})::double precision / ${parts})) AT TIME ZONE 'UTC'`
    );
  },
  type: 'timestamp with time zone',
  problem: `lies outside of what timestamptz holds, as ${name} since 1970`,
});

const printed = /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?\+00( BC)?$/;

export const timestampToEpoch = ({ name, parts, digits, trunc }: Unit): Way => ({
  text(value) {
    const [, year, month, day, hour, minute, second, fraction = '', era] =
      printed.exec(value) ?? [];
    if (year === undefined || fraction.length > digits) return null;
    const days = dayOf([Number(year), Number(month), Number(day)], era !== undefined);
    const whole =
      BigInt(days) * secondsOfDay +
      BigInt(Number(hour) * 3_600 + Number(minute) * 60 + Number(second));
    return String(whole * parts + BigInt(fraction.padEnd(digits, '0')));
  },
  exact: (column) => `isfinite(${column}) AND date_trunc('${trunc}', ${column}) = ${column}`,
  // by day and time: before PostgreSQL 14 the epoch of a timestamp is a float
  sql: (column) => {
    const local = `(${column} AT TIME ZONE 'UTC')`;
    return (
      `((${local}::date - date '1970-01-01')::bigint * ${secondsOfDay * parts} + ` +
      `round(extract(epoch FROM ${local}::time)::numeric * ${parts})::bigint)`
    );
  },
  type: 'bigint',
  problem: `is no whole number of ${name} since 1970`,
});
