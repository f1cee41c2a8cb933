import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, StranglerError } from '@strangler-toolkit/plan';
import { classifyFailure, type FailureKind } from './classify-error.ts';

const database = (code: string): Error => Object.assign(new Error('refused'), { code });

describe('what a failure asks for', () => {
  test.each<[FailureKind, string, string]>([
    ['disk-full', '53100', 'no room on the disk'],
    ['transient', '08006', 'a connection that failed'],
    ['transient', '40001', 'a serialisation that failed'],
    ['transient', '40P01', 'a deadlock'],
    ['transient', '53300', 'too many connections'],
    ['transient', '57P01', 'a server that shuts down'],
    ['transient', '58030', 'a disk that fails'],
    ['transient', '55P03', 'a lock that was not there in time'],
    ['transient', '55006', 'an object that is in use'],
    ['transient', '57014', 'a statement that was cancelled'],
    ['transient', '25P02', 'a transaction that failed before'],
    ['transient', '25P03', 'a session that was idle for too long'],
    ['transient', '25P04', 'a transaction that took too long'],
    ['transient', '25006', 'a standby that is not promoted yet'],
    ['transient', 'ECONNRESET', 'a connection that was reset'],
    ['transient', 'ECONNREFUSED', 'nobody listens'],
    ['transient', 'EPIPE', 'a connection that is gone'],
    ['transient', 'ETIMEDOUT', 'no answer'],
    ['transient', 'EHOSTUNREACH', 'no way there'],
    ['transient', 'ENETUNREACH', 'no network'],
    ['transient', 'ENOTFOUND', 'no such name'],
    ['transient', 'EAI_AGAIN', 'no answer about the name'],
    ['schema', '42703', 'no such column'],
    ['schema', '42P01', 'no such table'],
    ['schema', '42883', 'no such function'],
    ['schema', '42704', 'no such type'],
    ['schema', '42804', 'another type'],
    ['schema', '428C9', 'a generated column'],
    ['schema', '42P10', 'no constraint for ON CONFLICT'],
    ['schema', '3F000', 'no such schema'],
    ['schema', '42P18', 'an unclear type'],
    ['data', '22P02', 'a text that is no number'],
    ['data', '22001', 'a value that is too long'],
    ['data', '23505', 'a key that is taken'],
    ['data', '23502', 'a NULL that is not allowed'],
    ['data', '23514', 'a check'],
    ['data', 'P0001', 'what a trigger raises'],
    ['data', '44000', 'the check option of a view'],
    ['fatal', '42501', 'a right that is missing'],
    ['fatal', '42601', 'a statement that is wrong'],
    ['fatal', '0A000', 'what the server cannot do'],
    ['fatal', 'SF001', 'our own fence'],
  ])('%s: %s, %s', (kind, code) => expect(classifyFailure(database(code))).toBe(kind));

  test.each<[FailureKind, string]>([
    ['transient', 'recovery is in progress'],
    ['fatal', 'replication slot "s" was not created in this database'],
  ])('%s: a state that does not fit, %s', (kind, message) =>
    expect(classifyFailure(Object.assign(new Error(message), { code: '55000' }))).toBe(kind),
  );

  test.each<[FailureKind, ErrorCode, Record<string, unknown>?]>([
    ['disk-full', 'DB_DISK_FULL'],
    ['schema', 'SCHEMA_CHANGED'],
    ['data', 'CONFIG_INVALID'],
    ['data', 'APPLY_FAILED', { data: true }],
    ['fatal', 'APPLY_FAILED', { data: 'yes' }],
    ['fatal', 'APPLY_FAILED'],
    ['transient', 'DB_UNREACHABLE'],
    ['transient', 'SLOT_BUSY'],
    ['transient', 'TIMEOUT'],
    ['transient', 'NO_REPLICATION_SLOTS'],
    ['transient', 'REPLICA_SCHEMA_BUSY'],
    ['transient', 'KAFKA_UNREACHABLE'],
    ['transient', 'CONNECT_UNREACHABLE'],
    ['transient', 'CONNECTOR_FAILED'],
    ['fatal', 'SLOT_LOST'],
    ['fatal', 'POSITION_GAP'],
    ['fatal', 'STREAM_CLOSED'],
  ])('%s: our own %s %j', (kind, code, details = {}) =>
    expect(classifyFailure(new StranglerError(code, 'here', { details }))).toBe(kind),
  );

  test.each([
    ['transient', new Error('Connection terminated unexpectedly')],
    ['transient', new Error('socket hang up')],
    ['transient', new Error('timeout expired')],
    ['transient', new Error('Client has encountered a connection error and is not queryable')],
    ['fatal', new Error('x is not a function')],
    ['fatal', 'a text about a connection'],
    ['fatal', undefined],
  ])('%s: %p', (kind, error) => expect(classifyFailure(error)).toBe(kind));
});
