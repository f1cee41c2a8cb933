import { type ErrorCode, isStranglerError, StranglerError } from '../errors.ts';

const property = (error: unknown, name: string): string | undefined => {
  const value = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** SQLSTATE (PostgreSQL documentation, appendix A) or the system's error name (ECONNREFUSED). */
export const errorState = (error: unknown): string | undefined => property(error, 'code');

const connectionStates = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN', '57P01', '57P02', '57P03', '08000', '08001', '08003', '08004', '08006']);

/** True where the connection is gone or cannot be made, and the same call may succeed on a new one. */
export function isConnectionError(error: unknown): boolean {
  if (isStranglerError(error)) return error.code === 'DB_UNREACHABLE';
  const state = errorState(error);
  if (state !== undefined && connectionStates.has(state)) return true;
  return error instanceof Error && /Connection terminated|connection is closed|Client has encountered a connection error|Client was closed|not queryable/i.test(error.message);
}

function classify(error: unknown): ErrorCode | undefined {
  const state = errorState(error);
  if (isConnectionError(error)) return 'DB_UNREACHABLE';
  if (state === '28P01' || state === '28000') return 'DB_AUTH';
  if (state === '3D000') return 'DB_UNREACHABLE';
  if (state === '42501') return 'DB_PRIVILEGE';
  if (state === '53100') return 'DB_DISK_FULL';
  if (state === '53400' || (state === '55000' && /slots are in use|wal_sender/.test(String(error)))) return 'NO_REPLICATION_SLOTS';
  if (/wal_level/.test(property(error, 'message') ?? '')) return 'WAL_LEVEL';
  return undefined;
}

/** Gives a driver's error its stable code; an error of the toolkit, or one without a code of its own, comes back unchanged. */
export function toStranglerError(error: unknown, where: string): unknown {
  if (isStranglerError(error)) return error;
  const code = classify(error);
  if (!code) return error;
  return new StranglerError(code, `${where}: ${property(error, 'message') || errorState(error) || String(error)}`, { cause: error });
}

/** Host, port and database of a connection URL, without user and password. */
export function describeUrl(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || '5432'}${pathname}`;
  } catch {
    return 'a database URL that cannot be parsed';
  }
}
