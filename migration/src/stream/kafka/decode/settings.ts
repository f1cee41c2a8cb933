import { knows } from '../../../database/supported-versions.ts';

/**
 * What Debezium puts in the place of a large value that the update left alone. The NUL cannot stand in a text of PostgreSQL, so no
 * value that travels as text equals it; the rest is long enough that no list of numbers does. (Kafka trims only the ends.)
 */
export const unavailable = 'strangler\u0000unchanged:5c0f9e3b71d84a62b9d2f6a0e4c817d5';

/**
 * A database or a role may have others, under which intervals lose months, floats digits, bytea stops the connector, a limit
 * ends it, and a row policy hides rows from a resync instead of failing it.
 */
const sessionOptions: readonly string[] = [
  'intervalstyle=postgres',
  'extra_float_digits=1',
  'bytea_output=hex',
  'row_security=off',
  'statement_timeout=0',
  'lock_timeout=0',
  'idle_in_transaction_session_timeout=0',
  'default_transaction_read_only=off',
  'search_path=public',
];

/** `version` of the server, as server_version_num has it. */
export const driverOptions = (version: number): string =>
  [...sessionOptions, ...(knows(version, 'idleSessionTimeout') ? ['idle_session_timeout=0'] : [])]
    .map((setting) => `-c ${setting}`)
    .join(' ');

/** The settings of the connector that the decoder's forms of values hang on. */
export const decoderSettings = {
  'decimal.handling.mode': 'string',
  'interval.handling.mode': 'string',
  // The only mode in which a time of 24:00:00 is not 00:00:00.
  'time.precision.mode': 'microseconds',
  'binary.handling.mode': 'hex',
  'hstore.handling.mode': 'json',
  'include.unknown.datatypes': 'true',
  'unavailable.value.placeholder': unavailable,
} as const;
