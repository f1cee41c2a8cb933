import { expect, test } from '@jest/globals';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { carriedTables, readColumns } from '../../src/stream/kafka/carried-columns.ts';
import {
  columnTypesFromText,
  onlyRead,
  readColumnTypes,
  refuseRetyped,
} from '../../src/stream/kafka/column-types.ts';
import { loadShape } from '../../src/stream/kafka/table-shape.ts';

const read = readColumns(
  carriedTables({
    context: 'shop',
    data: 'replicated',
    monolith: { url: '' },
    service: { url: '' },
    routes: [],
    tables: [
      { monolith: 'things', service: [{ table: 'things', columns: { id: 'id', name: 'name' } }] },
    ],
  }).forward,
);

test('on Kafka, a column that no mapping names stops nothing: neither what it holds nor another type of it', async () => {
  const database = await createTestDatabase('unread');
  const client = await connect(database.url, { applicationName: 'test' });
  try {
    await client.query(
      'CREATE TABLE things (id int PRIMARY KEY, name text, numbers int[], grid int[], at timestamp)',
    );
    const things = { schema: 'public', table: 'things' };
    // An array of NULLs only does not come whole; the others are no values of their columns at all.
    const row = { id: 1, name: 'one', numbers: [null], grid: ['[I@1b6d3586'], at: 'far away' };
    const columns = Object.keys(row);
    const whole = await loadShape(client, things, columns);
    expect(() => whole.after(row)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    const shape = await loadShape(client, things, columns, read);
    expect(shape.after(row)).toEqual({ id: '1', name: 'one' });
    expect(shape.before(row)).toEqual({ id: '1' });
    // what the table looks like is told whole
    expect(shape.relation.columns.map(({ name }) => name)).toEqual(columns);

    const before = onlyRead(await readColumnTypes(client, [things]), read);
    await client.query('ALTER TABLE things ALTER at TYPE date, ALTER numbers TYPE text');
    refuseRetyped('shop', before, onlyRead(await readColumnTypes(client, [things]), read));
    // a checkpoint of an older release knows all columns
    refuseRetyped(
      'shop',
      columnTypesFromText(JSON.stringify({ 'public.things': { id: '23', at: '1114' } })),
      onlyRead(await readColumnTypes(client, [things]), read),
    );
    await client.query('ALTER TABLE things ALTER name TYPE date USING NULL');
    const now = onlyRead(await readColumnTypes(client, [things]), read);
    expect(() => refuseRetyped('shop', before, now)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_CHANGED' }),
    );
  } finally {
    await client.end();
    await database.drop();
  }
});
