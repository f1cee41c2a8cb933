import { lsnToText } from '../../database/lsn.ts';
import type { ChangeEvent } from '../../stream/change-event.ts';

/** `public.products u`: what a pact's metadata calls its type. */
export const changeType = ({ op, source: { schema, table } }: ChangeEvent): string =>
  `${schema}.${table} ${op}`;

/** One change as a reader of the stream sees it: the envelope, values as PostgreSQL's text, whichever transport carried it. */
export const changeMessage = (event: ChangeEvent): { contents: unknown; metadata: object } => {
  const { op, before, after, source } = event;
  return {
    contents: {
      op,
      before,
      after,
      source: { ...source, lsn: lsnToText(source.lsn), ts_us: String(source.ts_us) },
    },
    metadata: { type: changeType(event), table: `${source.schema}.${source.table}`, op },
  };
};
