import { ServiceError, type ServiceErrorCode } from '../errors.ts';

/** host:port/database of a URL: enough to find it, nothing secret. */
export function describeDatabase(url: string): string {
  try {
    const parsed = new URL(url);
    if (!/^postgres(ql)?:$/.test(parsed.protocol)) return 'DATABASE_URL (not a postgres:// URL)';
    return `${parsed.hostname || 'localhost'}:${parsed.port || '5432'}${parsed.pathname}`;
  } catch {
    return 'DATABASE_URL (not a postgres:// URL)';
  }
}

const codeOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Trying both 127.0.0.1 and ::1 yields an AggregateError around the real reasons.
  if ('errors' in error && Array.isArray(error.errors)) return codeOf(error.errors[0]);
  return undefined;
};

const codes: Readonly<Record<string, ServiceErrorCode>> = {
  '28P01': 'DB_AUTH',
  '28000': 'DB_AUTH',
  '3D000': 'DB_MISSING',
  '42501': 'DB_PRIVILEGE',
};

/** A file of the URL's that cannot be read, or what OpenSSL and Node say of a handshake. */
function failedTls(error: unknown, code: string | undefined): boolean {
  const call =
    typeof error === 'object' && error !== null && 'syscall' in error ? error.syscall : undefined;
  if (call === 'open' || (call === 'read' && code === 'EISDIR')) return true;
  if (code !== undefined)
    return /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code);
  return error instanceof Error && error.message.includes('does not support SSL');
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EHOSTUNREACH: 'no network path',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was cut',
};

export function databaseError(error: unknown, url: string): ServiceError {
  const found = codeOf(error);
  const text = error instanceof Error && error.message ? error.message : String(error);
  const reason = (found === undefined ? undefined : reasons[found]) ?? text;
  const code = failedTls(error, found)
    ? 'DB_TLS'
    : ((found === undefined ? undefined : codes[found]) ?? 'DB_UNREACHABLE');
  return new ServiceError(code, `Database ${describeDatabase(url)}: ${reason}`, { cause: error });
}
