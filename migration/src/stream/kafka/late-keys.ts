import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteIdentifier } from '../../database/identifiers.ts';
import { isLate, lateStandIn, lateTime, mayBeLate, timestampText } from './decode/times.ts';
import type { ReadChange } from './kafka-change.ts';
import { askSource, setText } from './source-rows.ts';
import type { TableShape } from './table-shape.ts';

/**
 * A row that is gone has only its key to be known by. Infinity is a usual one, so the question is whether the source has both: the
 * late one, or one with infinity that was there before this change and so is not the row that it is about.
 * @throws StranglerError DECODE_FAILED
 */
export async function refuseLateKeys(
  client: pg.Client,
  shape: TableShape,
  changes: readonly ReadChange[],
): Promise<void> {
  const { key, times } = shape.again;
  for (const { name } of key.filter((column) => times.includes(column.name))) {
    const rows = changes.flatMap(({ envelope: { before, after, xid } }) =>
      [
        { row: before, xid: null },
        { row: after, xid },
      ].flatMap(({ row, xid: writer }) => {
        const micros = row?.[name];
        if (row === null || !mayBeLate(micros)) return [];
        const infinite = isLate(micros) ? null : (timestampText(String(micros)) ?? null);
        if (isLate(micros)) setText(row, name, lateStandIn(String(micros)));
        // Transaction ids as rows hold them have 32 bits.
        return [
          { row, more: { v: infinite, x: writer === null ? null : String(writer % 2 ** 32) } },
        ];
      }),
    );
    if (rows.length === 0) continue;
    const column = `t.${quoteIdentifier(name)}`;
    const [found] = await askSource(client, shape, rows, {
      select: [`isfinite(${column})`],
      more: ['v', 'x'],
      but: name,
      where: `((${column} >= '${lateTime}' AND isfinite(${column}))
        OR (${column} = k.v::timestamp AND age(t.xmin) > age(k.x::xid))) LIMIT 1`,
    });
    if (found === undefined) continue;
    throw new StranglerError(
      'DECODE_FAILED',
      `Column ${shape.schema}.${shape.table}.${name} identifies rows and ${found[1] === 't' ? 'holds' : 'held'} times from ` +
        `${lateTime} on, which come through Debezium as infinity`,
      {
        details: { table: `${shape.schema}.${shape.table}`, column: name },
        remedy:
          found[1] === 't'
            ? `Give those rows an earlier time or infinity in ${name}; the worker goes on from here.`
            : 'Such a row is gone or has another time now, and cannot be told from the one that has infinity: ' +
              'strangler replicate <context> --restart copies anew.',
      },
    );
  }
}
