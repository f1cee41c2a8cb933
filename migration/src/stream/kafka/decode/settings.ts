/**
 * What Debezium puts in the place of a large value that the update left alone. The NUL cannot stand in a text of PostgreSQL, so no
 * value that travels as text equals it; the rest is long enough that no list of numbers does. (Kafka trims only the ends.)
 */
export const unavailable = 'strangler\u0000unchanged:5c0f9e3b71d84a62b9d2f6a0e4c817d5';

/** The settings of the connector that the decoder's forms of values hang on. */
export const decoderSettings = {
  'decimal.handling.mode': 'string',
  'interval.handling.mode': 'string',
  // The only mode in which a time of 24:00:00 is not 00:00:00.
  'time.precision.mode': 'microseconds',
  'binary.handling.mode': 'hex',
  'hstore.handling.mode': 'json',
  'include.unknown.datatypes': 'true',
  // A database or a role may have others, under which intervals lose months, floats digits, and bytea stops the connector.
  'driver.options': '-c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex',
  'unavailable.value.placeholder': unavailable,
} as const;
