import type { DataKind, MigrationDefinition } from '@strangler-toolkit/plan';

export const itemsContext = (
  data: DataKind,
  monolithUrl: string,
  serviceUrl: string,
  more: Partial<MigrationDefinition> = {},
): MigrationDefinition => ({
  context: 'items',
  data,
  monolith: { url: monolithUrl },
  service: { url: serviceUrl },
  identity: ['header:authorization'],
  routes: [
    { name: 'list', method: 'GET', path: '/api/items', kind: 'read', timeoutMs: 30_000 },
    { name: 'one', method: 'GET', path: '/api/items/:id', kind: 'read', timeoutMs: 30_000 },
    { name: 'add', method: 'POST', path: '/api/items', kind: 'write', timeoutMs: 30_000 },
  ],
  ...more,
});
