import { describe, expect, test } from '@jest/globals';
import { parseEnvelope } from './envelope.ts';

const source = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    version: '3.7.0.Final',
    connector: 'postgresql',
    name: 'k2_b306c9dc',
    ts_ms: 1795249751865,
    snapshot: null,
    db: 'shop',
    sequence: '["28862136","28862200"]',
    ts_us: 1795249751865865,
    schema: 'public',
    table: 't',
    txId: 758,
    lsn: 28862200,
    xmin: null,
    origin: null,
    origin_lsn: null,
    ...more,
  }).replace('"ts_us"', '"ts_ns":1795249751865865123,"ts_us"');
const message = (
  data: string,
  rest = source(),
  transaction = '{"id":"758:28862136","total_order":2,"data_collection_order":1}',
): string =>
  `{${data},"source":${rest},"transaction":${transaction},"op":"u","ts_ms":1795249752187,"ts_us":1795249752187166,"ts_ns":1795249752187166051}`;
const after = (row: string): unknown =>
  parseEnvelope(message(`"before":null,"after":${row}`)).after;

describe('an envelope of Debezium', () => {
  test('is read with its place in the transaction and in the log', () => {
    expect(
      parseEnvelope(Buffer.from(message('"before":{"id":1},"after":{"id":2,"t":"☃"}'))),
    ).toEqual({
      op: 'u',
      before: { id: 1 },
      after: { id: 2, t: '☃' },
      schema: 'public',
      table: 't',
      xid: 758,
      lsn: 28862200,
      previousCommit: 28862136,
      totalOrder: 2,
      commitTimeUs: 1795249751865865,
      snapshot: null,
    });
  });

  test('of the first transaction knows no commit before it, and a row of a snapshot no transaction', () => {
    expect(
      parseEnvelope(
        message('"before":null,"after":{"id":2}', source({ sequence: '[null,"28861840"]' })),
      ).previousCommit,
    ).toBeNull();
    expect(
      parseEnvelope(
        message(
          '"before":null,"after":{"id":2}',
          source({ sequence: null, txId: null, lsn: null, snapshot: 'incremental' }),
          'null',
        ),
      ),
    ).toMatchObject({
      xid: null,
      lsn: null,
      previousCommit: null,
      totalOrder: null,
      snapshot: 'incremental',
    });
  });

  test('keeps every digit of 64-bit integers, in columns and in arrays', () => {
    expect(after('{"id":9223372036854775807,"low":-9223372036854775808,"small":7}')).toEqual({
      id: '9223372036854775807',
      low: '-9223372036854775808',
      small: 7,
    });
    expect(
      after('{"ids":[9223372036854775807,null,-9223372036854775808,5],"id":9007199254740993}'),
    ).toEqual({
      ids: ['9223372036854775807', null, '-9223372036854775808', 5],
      id: '9007199254740993',
    });
    expect(after('{"odd name\\\\":9007199254740993,"b":1}')).toEqual({
      'odd name\\': '9007199254740993',
      b: 1,
    });
    expect(
      parseEnvelope(message('"before":{"id":9007199254740993},"after":{"id":9007199254740995}')),
    ).toMatchObject({ before: { id: '9007199254740993' }, after: { id: '9007199254740995' } });
  });

  test('leaves texts that look like numbers, members or envelopes as they are', () => {
    const row = {
      a: '":9007199254740993,',
      b: '[9007199254740993,1]',
      c: '"source":{"version":"',
      d: '\\',
      e: '1234567890123456789',
      f: 'x\\":9007199254740993}',
      g: '{"id":9007199254740993}',
    };
    expect(after(JSON.stringify(row))).toEqual(row);
    for (const [name, value] of Object.entries(row))
      expect(
        after(JSON.stringify({ [name]: value, id: 0 }).replace('"id":0', '"id":9007199254740993')),
      ).toEqual({ [name]: value, id: '9007199254740993' });
  });

  test('keeps floating point numbers numbers, with the sign of zero', () => {
    expect(
      after(
        '{"id":9007199254740993,"f":1.0E300,"g":0.12345678901234567,"z":-0.0,"h":1.2345678901234568E16}',
      ),
    ).toEqual({
      id: '9007199254740993',
      f: 1e300,
      g: 0.12345678901234566,
      z: -0,
      h: 1.2345678901234568e16,
    });
    expect(after('{"f":[1.0E300,0.12345678901234567,9007199254740993]}')).toEqual({
      f: [1e300, 0.12345678901234566, '9007199254740993'],
    });
  });

  test('that is none is refused', () => {
    const code = (text: string): unknown => {
      try {
        return parseEnvelope(text);
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(
      [
        '{}',
        'no json',
        '{"id":1}',
        message('"before":{').slice(1),
        `{"schema":{},"payload":${message('"before":null')}}`,
      ].map(code),
    ).toEqual(Array(5).fill('DECODE_FAILED'));
  });
});
