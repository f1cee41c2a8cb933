import { describe, expect, test } from '@jest/globals';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { type ColumnMapping, mappedColumns } from '@strangler-toolkit/plan';
import { compileColumn, findColumn } from './compile-column.ts';
import type { CompiledPart } from './compiled-mapping.ts';
import { listedValues } from './conversions/values.ts';
import { projectBackward, projectForward } from './project.ts';

const values = { on: 'active', off: '', '': 'none' };
const link = (from: string, to: string, pairs: Record<string, string> | null) => ({
  from,
  to,
  fromType: 'text',
  toType: 'text',
  compareType: 'text',
  conversion: pairs && listedValues(pairs, `contexts/a.ts:tables[0].service[0].columns.${from}`),
});
const part = {
  line: 'contexts/a.ts:tables[0].service[0]',
  columns: [link('id', 'goods_id', null), link('status', 'state', values)],
} as unknown as CompiledPart;

describe('a row on its way', () => {
  test.each([
    [
      { id: '1', status: 'on' },
      { goods_id: '1', state: 'active' },
    ],
    [
      { id: '1', status: 'off' },
      { goods_id: '1', state: '' },
    ],
    [
      { id: '1', status: '' },
      { goods_id: '1', state: 'none' },
    ],
    [
      { id: '1', status: 'other' },
      { goods_id: '1', state: 'other' },
    ],
    [
      { id: '1', status: null },
      { goods_id: '1', state: null },
    ],
    [{ id: '1' }, { goods_id: '1' }],
    [{ status: 'on' }, { state: 'active' }],
  ])('%j becomes %j, and comes back as it was', (there, here) => {
    expect(projectForward(part, there)).toEqual(here);
    expect(projectBackward(part, here)).toEqual(there);
  });

  test('what the mapping does not know stays where it is', () => {
    expect(projectForward(part, { id: '1', more: 'x' })).toEqual({ goods_id: '1' });
    expect(projectBackward(part, { goods_id: '1', more: 'x' })).toEqual({ id: '1' });
  });

  test('a value that would come back as another one is refused, with the line that lacks it', () => {
    const refusal = expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${part.line}.columns.status.values`),
      details: { column: 'status', value: 'active', data: true },
    });
    expect(() => projectForward(part, { status: 'active' })).toThrow(refusal);
    expect(() => projectBackward(part, { state: 'on' })).toThrow(/has no entry for 'on'/);
  });
});

describe('a column of the mapping', () => {
  const column = (name: string, type = 'text', generated = false): ColumnCatalog =>
    ({ name, type, generated }) as ColumnCatalog;
  const table = (name: string, ...columns: ColumnCatalog[]): TableCatalog =>
    ({ schema: 'public', table: name, columns }) as unknown as TableCatalog;
  const monolith = table('products', column('id', 'integer'), column('made', 'text', true));
  const service = table(
    'goods',
    column('id', 'bigint'),
    column('flag', 'boolean'),
    column('made', 'text', true),
  );
  const compile = (from: string, to: string | ColumnMapping) =>
    compileColumn({ monolith, service }, mappedColumns({ columns: { [from]: to } })[0]!, 'here');

  test('knows both names and types, the type to compare in, and its values both ways', () => {
    expect(compile('id', 'id')).toEqual({
      from: 'id',
      to: 'id',
      fromType: 'integer',
      toType: 'bigint',
      compareType: 'bigint',
      conversion: null,
    });
    const { compareType, conversion } = compile('id', {
      to: 'flag',
      values: { 1: 'true', 0: 'false' },
    });
    expect(compareType).toBe('text');
    expect(['0', '1'].map((value) => conversion?.forward.text?.(value))).toEqual(['false', 'true']);
    expect(['false', 'true'].map((value) => conversion?.backward.text?.(value))).toEqual([
      '0',
      '1',
    ]);
  });

  test.each<[string, string | ColumnMapping, string, RegExp]>([
    ['id', 'flag', 'CONFIG_INVALID', /id is integer.*\(boolean\) cannot carry both ways/],
    ['id', 'nowhere', 'COLUMN_MISSING', /goods has no column nowhere \(it has id, flag, made\)/],
    ['nowhere', 'id', 'COLUMN_MISSING', /products has no column nowhere/],
    ['made', 'id', 'CONFIG_INVALID', /products.made is a generated column/],
    ['id', 'made', 'CONFIG_INVALID', /goods.made is a generated column/],
    ['id', { to: 'id', values: { a: 'x', b: 'x' } }, 'CONFIG_INVALID', /'a' and 'b' both become/],
    ['id', { to: 'id', values: { '': 'x', b: 'x' } }, 'CONFIG_INVALID', /'' and 'b' both become/],
  ])('%s → %j is refused: %s', (from, to, code, message) => {
    expect(() => compile(from, to)).toThrow(expect.objectContaining({ code }));
    expect(() => compile(from, to)).toThrow(message);
  });

  test('is found by its name', () =>
    expect(findColumn(service, 'flag', 'here')).toBe(service.columns[1]));
});
