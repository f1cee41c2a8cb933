import { codeOf, isStranglerError } from '@strangler-toolkit/plan';

/** The server's own error, under all that was put around it. */
function fromServer(error: unknown): Error | undefined {
  if (isStranglerError(error)) return fromServer(error.cause);
  return error instanceof Error && /^[0-9A-Z]{5}$/.test(codeOf(error)) ? error : undefined;
}

// data exceptions quote what stands in a row, in the server's language, but for what is too long, which names the type only;
// what a function raises may say anything
const quotesValues = (sqlState: string): boolean =>
  /^(?:22[0-9A-Z]{3}|P0001)$/.test(sqlState) && sqlState !== '22001';

const textOf = (error: unknown, field: 'detail' | 'message'): string => {
  const text = typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined;
  return typeof text === 'string' ? text : '';
};

/**
 * What a worker says of a failure where more people read than those who may read the rows: in its log, at its port, in the control
 * database. Values are left out, of messages, details and keys; table, column and line stay.
 */
export function withoutValues(error: unknown): string {
  let message = error instanceof Error ? error.message : String(error);
  if (isStranglerError(error) && error.code === 'VALUE_INEXACT')
    message = message.replace(
      /'[^]*'(?= [^']*'[a-z-]+' would not bring it back as it is$)/,
      '(a value)',
    );
  if (isStranglerError(error) && Array.isArray(error.details.key))
    message = message.replace(` row ${error.details.key.join(',')}`, ' a row');
  const server = fromServer(error);
  const detail = textOf(server, 'detail');
  if (detail !== '') message = message.replaceAll(` (${detail})`, '');
  const sqlState = codeOf(server);
  const said = textOf(server, 'message');
  return quotesValues(sqlState) && said !== ''
    ? message.replaceAll(said, `a value was refused (SQLSTATE ${sqlState})`)
    : message;
}
