import type pg from 'pg';
import { classifyFailure } from '../apply/classify-error.ts';
import { converted, outputText, refusalOf } from '../copy/projection-sql.ts';
import {
  type ColumnLink,
  type CompiledPart,
  shownColumn,
  tableName,
} from '../mapping/compiled-mapping.ts';
import type { Conversion } from '../mapping/conversions/conversion.ts';
import { givenType } from '../mapping/conversions/functions.ts';
import { pathLiteral } from '../mapping/conversions/json-field.ts';
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
  const base = {
    column: shownColumn(link, 'monolith'),
    is,
    to: `${tableName(part.service)}.${shownColumn(link, 'service')}`,
  };
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
  { forward, backward, field }: Conversion,
  text: string,
): Promise<Pick<PreviewedColumn, 'is' | 'becomes' | 'comesBack'>> {
  // of a JSON column the field alone is shown
  const is = field?.side === 'monolith' ? `(given #> ${pathLiteral(field.path)})` : 'given';
  const back = field?.side === 'service' ? field.read('there') : backward.sql('there');
  const { rows } = await server.query<{
    is: string | null;
    becomes: string | null;
    back: string | null;
  }>(
    `SELECT ${outputText(is)} AS is, ${outputText('there')} AS becomes, ${outputText(`(${back})`)} AS back ` +
      `FROM (SELECT given, ${converted('given', forward)} AS there ` +
      `FROM (SELECT CAST($1::text AS ${givenType(fromType)}) AS given OFFSET 0) AS one OFFSET 0) AS forth`,
    [text],
  );
  return {
    is: rows[0]?.is ?? null,
    becomes: rows[0]?.becomes ?? null,
    comesBack: rows[0]?.back ?? null,
  };
}
