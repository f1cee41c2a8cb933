import { describe, expect, test } from '@jest/globals';
import { columnTypesFromText, columnTypesToText, refuseRetyped } from './column-types.ts';

const types = (columns: Record<string, string>) =>
  new Map([['public.orders', new Map(Object.entries(columns))]]);

describe('types of columns whose changes wait in Kafka', () => {
  test('a date that became a timestamp stops the stream', () => {
    expect(() => refuseRetyped('shop', types({ due: '1082' }), types({ due: '1114' }))).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_CHANGED',
        message: expect.stringContaining('public.orders.due'),
      }),
    );
  });

  test('wider integers, longer texts, new and dropped columns read the same', () => {
    refuseRetyped(
      'shop',
      types({ id: '23', name: '1043', gone: '25', same: '1184' }),
      types({ id: '20', name: '25', added: '1114', same: '1184' }),
    );
  });

  test('survive the checkpoint', () => {
    const before = types({ due: '1082', 'odd:name,"': '25' });
    expect(columnTypesFromText(columnTypesToText(before))).toEqual(before);
  });
});
