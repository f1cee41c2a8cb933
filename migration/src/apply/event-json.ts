import { z } from 'zod';
import { jsonText } from '../json-text.ts';
import type { ChangeEvent } from '../stream/change-event.ts';

export const eventToJson = ({ op, before, after, source, position }: ChangeEvent): string =>
  jsonText({ op, before, after, source, position });

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
