import { defineMigration, type MigrationDefinition } from '@strangler-toolkit/plan';

/** A small context with a split table, an identity, a serial and a values mapping. */
export const definition: MigrationDefinition = defineMigration({
  context: 'shop',
  data: 'replicated',
  monolith: { url: 'http://127.0.0.1:1' },
  service: { url: 'http://127.0.0.1:2' },
  routes: [{ name: 'list', method: 'GET', path: '/p', kind: 'read' }],
  tables: [
    {
      monolith: 'products',
      service: [
        {
          table: 'items',
          columns: {
            id: 'item_id',
            sku: 'sku',
            state: { to: 'status', values: { A: 'active', D: 'deleted' } },
          },
        },
        { table: 'item_counts', columns: { id: 'item_id', n: 'n' } },
      ],
    },
    { monolith: 'tags', service: [{ table: 'labels', columns: { id: 'id', name: 'name' } }] },
  ],
  cutover: {
    holdTimeoutMs: 8000,
    fenceLockTimeoutMs: 300,
    fenceAttempts: 3,
    catchUpTimeoutMs: 4000,
    sequenceGap: 100,
  },
});

/**
 * What the service reads beside it: a table of the monolith alone, with a column that stays there, and one whose rows the context
 * above brings to the monolith while the service owns them.
 */
export const reference: MigrationDefinition = defineMigration({
  context: 'places',
  data: 'reference',
  monolith: { url: 'http://127.0.0.1:1' },
  service: { url: 'http://127.0.0.1:2' },
  routes: [],
  tables: [
    {
      monolith: 'countries',
      service: [{ table: 'lands', columns: { code: 'iso', name: 'title' } }],
    },
    { monolith: 'tags', service: [{ table: 'tag_copies', columns: { id: 'id', name: 'name' } }] },
  ],
});
