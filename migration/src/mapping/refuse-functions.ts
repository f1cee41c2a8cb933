import { bothSides, codeOf, type Side, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { CompiledMapping } from './compiled-mapping.ts';
import type { ValueFunction } from './conversions/conversion.ts';
import { looksBeyondTheRow } from './refuse-expressions.ts';

/**
 * Lets both databases say whether they understand each function, as one over a value: the one converts what is copied and
 * compared, the other what the stream carries.
 * @throws StranglerError CONFIG_INVALID naming the line of the context file
 */
export async function refuseFunctions(
  { tables }: Pick<CompiledMapping, 'tables'>,
  clients: Readonly<Record<Side, pg.Client>>,
): Promise<void> {
  for (const { functions = [] } of conversionsOf(tables))
    for (const one of functions)
      for (const side of bothSides) {
        const plan = await planOf(one, clients[side]).catch((cause: unknown) => {
          throw /^(0A|22|42|XX)/.test(codeOf(cause)) ? refusal(one, side, cause) : cause;
        });
        if (looksBeyondTheRow(plan))
          throw new StranglerError(
            'CONFIG_INVALID',
            `${one.line}: it is volatile, or looks at more than the value (a subquery, a window, a set)`,
            {
              remedy:
                'Write SQL that gives the same for the same value, whenever and wherever it is asked; CREATE FUNCTION … IMMUTABLE.',
            },
          );
      }
}

const conversionsOf = (tables: CompiledMapping['tables']) =>
  tables.flatMap(({ parts }) =>
    parts.flatMap(({ columns }) => columns.flatMap(({ conversion }) => conversion ?? [])),
  );

/** Of two rows, which no planner folds into one value. The value beside it makes an aggregate what it is. */
async function planOf(
  { expression, takes, gives }: ValueFunction,
  client: pg.Client,
): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN (FORMAT YAML) SELECT FROM (SELECT value, CAST((${expression}\n) AS ${gives}) AS "strangler result" ` +
      `FROM (VALUES (CAST(NULL AS ${takes})), (NULL)) AS given(value)) AS computed WHERE "strangler result"::text IS NULL`,
  );
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const refusal = (
  { line, takes, gives }: ValueFunction,
  side: Side,
  cause: unknown,
): StranglerError =>
  new StranglerError(
    'CONFIG_INVALID',
    `${line}: the ${side}'s database does not understand it: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
      remedy:
        `It is SQL over value, which is ${takes}, and gives ${gives}; it knows no other column. A function of your own must ` +
        'be there in both databases (in the schema public, or with its schema) and be granted to the roles of the toolkit.',
    },
  );
