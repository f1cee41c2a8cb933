import type { MappingCheckResult, PreviewResult } from '../../steps/mapping.ts';
import type { PreviewedColumn } from '../../steps/preview-value.ts';
import type { Terminal } from '../terminal.ts';
import { table } from './table.ts';

export function mappingCheckText(
  { context, columns, ok }: MappingCheckResult,
  { style }: Pick<Terminal, 'style'>,
): string {
  if (columns.length === 0) return `Nothing of ${context} is converted.`;
  const lines = columns.flatMap(({ side, table: name, column, line, rows, ...told }) => {
    const { inexact, example, raised } = told;
    if (inexact === 0) return [`${style('green', '✓')} ${side} ${name}.${column}: ${rows} rows`];
    const how =
      raised === undefined
        ? ''
        : `, where a function raises '${raised}'; nothing behind it was looked at`;
    return [
      `${style('red', '✗')} ${side} ${name}.${column}: ${inexact}${raised === undefined ? '' : ' or more'} of ${rows} rows ` +
        `would not come back, for instance '${example ?? ''}'${how}`,
      `    line:  ${line}`,
    ];
  });
  return [
    ...lines,
    ok
      ? `Every value of ${context} comes back as it is.`
      : 'Mend these rows, or map the columns otherwise.',
  ].join('\n');
}

const shown = (value: string | null | undefined): string => value ?? 'NULL';
const cells = ({ column, is, to, becomes, comesBack, problem }: PreviewedColumn): string[] =>
  problem === undefined
    ? [column, shown(is), to, shown(becomes), shown(comesBack)]
    : [column, shown(is), to, '✗', ''];

export function mappingPreviewText(result: PreviewResult): string {
  const key = Object.entries(result.key).map(([name, value]) => `${name} = ${shown(value)}`);
  const rest = Object.entries(result.constants).map(
    ([name, value]) => `${name} is always ${shown(value)}`,
  );
  return [
    `${result.table}, ${key.join(', ')}`,
    table([
      ['column', 'as it is', 'in the service', 'as it will be', 'as it comes back'],
      ...result.columns.map(cells),
    ]),
    ...result.columns.flatMap(({ problem }) => (problem === undefined ? [] : [`✗ ${problem}`])),
    ...rest,
    ...Object.entries(result.lists).map(
      ([name, [value, position]]) =>
        `${name} has ${value} as an element, in the order of ${position}`,
    ),
    ...(result.stays.length === 0 ? [] : [`stays behind: ${result.stays.join(', ')}`]),
  ].join('\n');
}
