import { StranglerError } from '@strangler-toolkit/plan';
import type { Operation } from '../../change-event.ts';

/** What a column's value is in Debezium's JSON. An integer beyond 2^53 is its digits as text. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** One change as Debezium's JSON converter writes it (without schemas). */
export interface Envelope {
  readonly op: Operation;
  /** Under REPLICA IDENTITY DEFAULT and USING INDEX only the identity columns in it mean anything. */
  readonly before: JsonRow | null;
  readonly after: JsonRow | null;
  readonly schema: string;
  readonly table: string;
  /** The transaction; null on rows of a snapshot, as are the three that follow. */
  readonly xid: number | null;
  /** Of the row, or of its COPY: not ordered across transactions. */
  readonly lsn: number | null;
  /** Where the commit ended that came before this transaction; null for the first one of a connector. */
  readonly previousCommit: number | null;
  /** From 1, over all tables of the transaction. */
  readonly totalOrder: number | null;
  /** Commit time at the source, microseconds since the Unix epoch. */
  readonly commitTimeUs: number;
  /** 'incremental' and the like on rows that a snapshot read, else null. */
  readonly snapshot: string | null;
}

interface Wire {
  readonly op: Operation;
  readonly before: JsonRow | null;
  readonly after: JsonRow | null;
  readonly source: {
    readonly schema: string;
    readonly table: string;
    readonly txId: number | null;
    readonly lsn: number | null;
    readonly sequence: string | null;
    readonly ts_us: number;
    readonly snapshot: string | boolean | null;
  };
  readonly transaction: { readonly total_order: number } | null;
}

// Cannot stand in a value: inside of a JSON string its quotes are escaped.
const sourceStart = '"source":{"version":';
const longDigits = /\d{16}/;
const longMember = /([^\\]":)(-?\d{16,})(?=[,}])/g;
// Elements of arrays, and members whose name ends in a backslash; also what only looks so within a text.
const longElsewhere = /[[,]-?\d{16,}[,\]]|\\":-?\d{16}/;
const integer = /^-?\d+$/;

/** JSON.parse, but integers that a double cannot hold come as their digits. */
function keepIntegers(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  return typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    context?.source !== undefined &&
    integer.test(context.source)
    ? context.source
    : value;
}

function parseJson(text: string, dataEnd: number): Wire {
  const data = text.slice(0, dataEnd);
  if (!longDigits.test(data)) return JSON.parse(text) as Wire;
  // A reviver costs ten times the parsing: snowflake ids are too common for that, arrays of them are not.
  if (longElsewhere.test(data)) return JSON.parse(text, keepIntegers) as Wire;
  return JSON.parse(data.replace(longMember, '$1"$2"') + text.slice(dataEnd)) as Wire;
}

const notAnEnvelope = (text: string, cause?: unknown): StranglerError =>
  new StranglerError(
    'DECODE_FAILED',
    `A message is not a change event as Debezium's JSON converter writes it without schemas: ${text.slice(0, 80)}…`,
    { cause },
  );

/** `["<end of the previous commit>","<row>"]`, the first null before any commit was seen. */
const previousCommitOf = (sequence: string | null): number | null =>
  sequence?.startsWith('["') ? Number(sequence.slice(2, sequence.indexOf('"', 2))) : null;

/** @throws StranglerError DECODE_FAILED */
export function parseEnvelope(value: Buffer | string): Envelope {
  const text = typeof value === 'string' ? value : value.toString('utf8');
  const dataEnd = text.lastIndexOf(sourceStart);
  if (dataEnd === -1) throw notAnEnvelope(text);
  let wire: Wire;
  try {
    wire = parseJson(text, dataEnd);
  } catch (error) {
    throw notAnEnvelope(text, error);
  }
  const { source, transaction } = wire;
  if (source === undefined || wire.op === undefined) throw notAnEnvelope(text);
  return {
    op: wire.op,
    before: wire.before ?? null,
    after: wire.after ?? null,
    schema: source.schema,
    table: source.table,
    xid: source.txId,
    lsn: source.lsn,
    previousCommit: previousCommitOf(source.sequence),
    totalOrder: transaction?.total_order ?? null,
    commitTimeUs: source.ts_us,
    snapshot: typeof source.snapshot === 'string' ? source.snapshot : null,
  };
}
