import { codeOf, isStranglerError } from '@strangler-toolkit/plan';

/**
 * What a failure asks for. `transient`: again, after a while. `disk-full`: the same, but a person has to make room.
 * `schema`: the mapping no longer fits. `data`: these events, again and again. `fatal`: everything else.
 */
export type FailureKind = 'transient' | 'disk-full' | 'schema' | 'data' | 'fatal';

const connectionCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
]);
/** A server that still recovers, or waits to be promoted: read only, and without a log of its own. */
const inRecovery = (state: string, error: unknown): boolean =>
  state === '25006' ||
  (state === '55000' && error instanceof Error && /recovery/i.test(error.message));
/** Undefined column, table, function, object, type; wrong type of an expression; generated column; no matching constraint. */
const schemaStates = new Set([
  '42703',
  '42P01',
  '42883',
  '42704',
  '42804',
  '428C9',
  '42P10',
  '3F000',
  '42P18',
]);
const transientStrangler = new Set([
  'DB_UNREACHABLE',
  // A certificate is renewed while a worker waits.
  'TLS_FAILED',
  'SLOT_BUSY',
  'TIMEOUT',
  'NO_REPLICATION_SLOTS',
  'REPLICA_SCHEMA_BUSY',
  'KAFKA_UNREACHABLE',
  'CONNECT_UNREACHABLE',
  'CONNECTOR_FAILED',
]);

export function classifyFailure(error: unknown): FailureKind {
  if (isStranglerError(error)) {
    if (error.code === 'DB_DISK_FULL') return 'disk-full';
    if (error.code === 'SCHEMA_CHANGED') return 'schema';
    if (error.code === 'CONFIG_INVALID' || error.details['data'] === true) return 'data';
    return transientStrangler.has(error.code) ? 'transient' : 'fatal';
  }
  const state = codeOf(error);
  if (state === '53100') return 'disk-full';
  if (
    connectionCodes.has(state) ||
    inRecovery(state, error) ||
    /^(08|40|53|57P|58)/.test(state) ||
    ['55P03', '55006', '57014', '25P02', '25P03', '25P04'].includes(state)
  )
    return 'transient';
  if (schemaStates.has(state)) return 'schema';
  // P0001 is what a trigger raises, 44000 a view's check option
  if (/^(22|23)/.test(state) || state === 'P0001' || state === '44000') return 'data';
  return error instanceof Error &&
    /connection|terminat|socket|timeout expired|not queryable/i.test(error.message)
    ? 'transient'
    : 'fatal';
}
