import { codeOf, isStranglerError } from '@strangler-toolkit/plan';

// data exceptions, the only ones whose message (not its detail) quotes what stands in a row
const isDataException = (error: unknown): boolean =>
  /^22[0-9A-Z]{3}$/.test(codeOf(error)) ||
  (isStranglerError(error) && isDataException(error.cause));

/**
 * What a worker says of a failure where more people read than those who may read the rows: in its log, at its port, in the control
 * database. The value that could not be written is left out; table, column and line stay.
 */
export function withoutValues(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (isStranglerError(error) && error.code === 'VALUE_INEXACT')
    return message.replace(
      /'[^]*'(?= [^']*'[a-z-]+' would not bring it back as it is$)/,
      '(a value)',
    );
  return isDataException(error)
    ? message.replaceAll(/(: |\bvalue )"[^]*"/g, '$1(a value)')
    : message;
}
