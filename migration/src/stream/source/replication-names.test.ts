import { describe, expect, test } from '@jest/globals';
import { replicationNames } from './replication-names.ts';

describe('replication names', () => {
  test('slot and origin carry the database, the publication does not', () => {
    expect(replicationNames('catalog', 'forward', 'shop')).toEqual({
      publication: 'strangler_catalog_forward',
      slot: 'strangler_catalog_forward_fb54f3c5',
      origin: 'strangler_catalog_forward_fb54f3c5',
    });
  });
  test('contexts that differ only in forbidden characters or beyond the length get different slots', () => {
    const contexts = ['a-b', 'a_b', 'a.b', `${'x'.repeat(60)}1`, `${'x'.repeat(60)}2`];
    const slots = contexts.map((context) => replicationNames(context, 'reverse', 'db').slot);
    expect(new Set(slots).size).toBe(contexts.length);
    for (const slot of slots) expect(slot).toMatch(/^[a-z0-9_]{1,63}$/);
  });
});
