import type pg from 'pg';
import { classifyFailure } from '../apply/classify-error.ts';
import { converted, outputText, refusalOf } from '../copy/projection-sql.ts';
import { type ColumnLink, type CompiledPart, tableName } from '../mapping/compiled-mapping.ts';
import type { Conversion } from '../mapping/conversions/conversion.ts';
import { givenType } from '../mapping/conversions/functions.ts';
import { projectBackward, projectForward } from '../mapping/project.ts';
import type { ColumnText } from '../stream/change-event.ts';

export interface PreviewedColumn {
  readonly column: string;
  readonly is: ColumnText;
  /** `public.goods.title` */
  readonly to: string;
  readonly becomes?: ColumnText;
  readonly comesBack?: ColumnText;
  /** Why the value does not pass. */
  readonly problem?: string;
}

/** A value on its way to the service and back, by the functions where there are some, else by a server's words. */
export async function previewValue(
  server: pg.Client,
  part: CompiledPart,
  link: ColumnLink,
  is: ColumnText,
): Promise<PreviewedColumn> {
  const base = { column: link.from, is, to: `${tableName(part.service)}.${link.to}` };
  try {
    if (is !== null && link.conversion?.forward.text === null)
      return { ...base, ...(await askServer(server, link, link.conversion, is)) };
    const alone = { ...part, columns: [link] };
    const there = projectForward(alone, { [link.from]: is });
    const back = projectBackward(alone, there);
    return { ...base, becomes: there[link.to] ?? null, comesBack: back[link.from] ?? null };
  } catch (error) {
    const known = refusalOf(error) ?? error;
    if (classifyFailure(known) !== 'data') throw known;
    return { ...base, problem: known instanceof Error ? known.message : String(known) };
  }
}

async function askServer(
  server: pg.Client,
  { fromType }: ColumnLink,
  { forward, backward }: Conversion,
  is: string,
): Promise<Pick<PreviewedColumn, 'becomes' | 'comesBack'>> {
  const there = converted(`CAST($1::text AS ${givenType(fromType)})`, forward);
  const { rows } = await server.query<{ becomes: string | null; back: string | null }>(
    `SELECT ${outputText('there')} AS becomes, ${outputText(`(${backward.sql('there')})`)} AS back ` +
      `FROM (SELECT ${there} AS there OFFSET 0) AS forth`,
    [is],
  );
  return { becomes: rows[0]?.becomes ?? null, comesBack: rows[0]?.back ?? null };
}
