import {
  codeOf,
  type ErrorCode,
  isStranglerError,
  StranglerError,
  tlsFailure,
} from '@strangler-toolkit/plan';

const text = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(text).join('; ');
  return error instanceof Error ? error.message : String(error);
};

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EADDRNOTAVAIL',
]);
const brokenConnection =
  /Connection terminated|connection error and is not queryable|timeout expired|Client was closed|socket hang up|Connection ended/i;

export const isConnectionFailure = (error: unknown): boolean => {
  const code = codeOf(error);
  if (
    networkCodes.has(code) ||
    code.startsWith('08') ||
    code === '57P01' ||
    code === '57P02' ||
    code === '57P03'
  )
    return true;
  return brokenConnection.test(text(error));
};

const routineOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'routine' in error ? error.routine : undefined;

function errorCodeOf(error: unknown): ErrorCode | undefined {
  const code = codeOf(error);
  const message = text(error);
  const tls = tlsFailure(error);
  if (tls !== undefined) return tls;
  if (code === '28P01' || code === '28000') return 'DB_AUTH';
  // Its text is in the server's language, the name of the function that raised it is not.
  if (code === '42501' && routineOf(error) === 'check_enable_rls') return 'ROW_POLICY';
  if (code === '42501') return 'DB_PRIVILEGE';
  if (code === '53100') return 'DB_DISK_FULL';
  if (code === '42P01' || code === '3F000') return 'TABLE_MISSING';
  if (code === '42703') return 'COLUMN_MISSING';
  if (code === '3D000') return 'DB_UNREACHABLE';
  if (/wal_level/.test(message) && code === '55000') return 'WAL_LEVEL';
  if (
    (code === '53400' && /replication slots/.test(message)) ||
    (code === '53300' && /wal_senders|standby connections/.test(message))
  )
    return 'NO_REPLICATION_SLOTS';
  if (isConnectionFailure(error)) return 'DB_UNREACHABLE';
  if (/password must be a string|SASL/.test(message)) return 'DB_AUTH';
  return undefined;
}

/** Gives a driver's or server's error its code, with `what` was tried and where. What is one already passes unchanged. */
export function databaseFailure(
  error: unknown,
  what: string,
  otherwise: ErrorCode = 'INTERNAL',
): StranglerError {
  if (isStranglerError(error)) return error;
  const sqlState = codeOf(error);
  return new StranglerError(errorCodeOf(error) ?? otherwise, `${what}: ${text(error)}`, {
    cause: error,
    details: sqlState ? { sqlState } : {},
  });
}
