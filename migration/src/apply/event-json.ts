import { z } from 'zod';
import type { ChangeEvent } from '../stream/change-event.ts';

/** JSON has no 64-bit integers, so positions and times are written as decimal text. */
export const eventToJson = ({ op, before, after, source, position }: ChangeEvent): string =>
  JSON.stringify({ op, before, after, source, position }, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );

const bigint = z.string().transform((text) => BigInt(text));
const row = z.record(z.string(), z.string().nullable()).nullable();
const eventSchema = z.object({
  op: z.enum(['c', 'u', 'd', 'r', 't']),
  before: row,
  after: row,
  source: z.object({
    connector: z.literal('postgresql'),
    db: z.string(),
    schema: z.string(),
    table: z.string(),
    txId: z.number(),
    lsn: bigint,
    ts_us: bigint,
  }),
  position: z.object({ commitLsn: bigint, index: z.number() }),
});

export const eventFromJson = (text: string): ChangeEvent => eventSchema.parse(JSON.parse(text));
