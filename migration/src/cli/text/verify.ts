import type { VerifyResult } from '../../steps/verify.ts';
import { table } from './table.ts';

/** Rows of one table that are named one by one. */
const NAMED_ROWS = 20;

type TableResult = VerifyResult['tables'][number];

const differingRows = (one: TableResult): string[] =>
  one.differing
    .slice(0, NAMED_ROWS)
    .map(
      (row) =>
        `${one.table} ${JSON.stringify(row.key)} ${row.kind}` +
        (row.columns ? `: ${row.columns.map((column) => column.name).join(', ')}` : ''),
    );

const orphanLine = ({
  side,
  foreignKey,
  rows,
  accepted,
}: VerifyResult['orphans'][number]): string =>
  `${rows} rows of the ${side} refer to nothing: ${foreignKey}${accepted ? ' (accepted)' : ''}`;

const underivedLine = ({
  table: name,
  column,
  list,
  rows,
  keys,
  failure,
}: VerifyResult['underived'][number]): string =>
  list !== undefined
    ? [
        ...(failure === undefined ? [] : [`${name}.${column} does not follow ${list}: ${failure}`]),
        ...(rows === 0
          ? []
          : [
              `${rows} rows of the service hold another ${name}.${column} than their rows in ${list} make: ` +
                keys.map((key) => JSON.stringify(key)).join(', '),
            ]),
      ].join('\n')
    : failure !== undefined
      ? `${name}.${column} cannot be computed for every row of the monolith: ${failure}`
      : `${rows} rows of the monolith hold another ${name}.${column} than its expression says: ` +
        keys.map((key) => JSON.stringify(key)).join(', ');

export const verifyText = (
  result: Pick<
    VerifyResult,
    'tables' | 'rowsCompared' | 'differences' | 'unsettled' | 'orphans' | 'underived' | 'seconds'
  >,
): string =>
  [
    table([
      ['table', 'rows', 'differing', 'unsettled'],
      ...result.tables.map((one) => [
        one.table,
        String(one.rows),
        String(one.differing.length),
        String(one.unsettled),
      ]),
    ]),
    ...result.tables.flatMap(differingRows),
    ...result.orphans.map(orphanLine),
    ...result.underived.map(underivedLine),
    `${result.rowsCompared} rows compared, ${result.differences} differ` +
      (result.unsettled > 0 ? `, ${result.unsettled} unsettled, not differing: run again` : '') +
      `, ${result.seconds.toFixed(1)} s`,
  ].join('\n');
