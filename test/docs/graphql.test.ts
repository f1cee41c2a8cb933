import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import {
  compileRoutes,
  type MigrationDefinition,
  type Side,
  type Understood,
  validateDefinition,
  whoseOperations,
} from '@strangler-toolkit/plan';
import { readDocument, selectOperation } from '@strangler-toolkit/plan/graphql';

const text = await readFile(new URL('../../docs/guide/graphql.md', import.meta.url), 'utf8');
const [, file = ''] = /export default defineMigration\((\{.*?\n\})\);/s.exec(text) ?? [];
const source = `data:text/javascript,${encodeURIComponent(`export default (env) => (${file})`)}`;
const { default: example } = (await import(source)) as {
  default: (env: (name: string) => unknown) => MigrationDefinition;
};
const definition = validateDefinition(
  example((name) => ({ env: name })),
  'docs/guide/graphql.md',
);
const rows = [...text.matchAll(/^\| `(.+?)` \| (.+?) \| (.+?) \|$/gm)].map(([, ...cells]) => cells);

function understood(document: string): Understood {
  const read = readDocument(document);
  if (read.kind !== 'operations') return read.kind === 'nonsense' ? { kind: 'nothing' } : read;
  const operation = selectOperation(read.operations, []);
  return typeof operation === 'string'
    ? { kind: 'unreadable', because: operation }
    : { kind: 'operations', operations: [operation] };
}

function whose(document: string, home: Side): string {
  const { operations: routes = [] } = compileRoutes([definition]).match('POST', '/graphql')!;
  const found = whoseOperations({
    routes,
    beside: undefined,
    understood: understood(document),
    homeOf: () => home,
  });
  switch (found.kind) {
    case 'one':
      return `${found.route.context}.${found.route.definition.name}`;
    case 'two-owners':
      return '409 `GRAPHQL_TWO_OWNERS`';
    case 'unreadable':
      return '400 `GRAPHQL_UNREADABLE`';
    default:
      return 'the monolith';
  }
}

describe('docs/guide/graphql.md', () => {
  test('has a table of operations', () => expect(rows.length).toBeGreaterThan(8));
  test.each(rows)('%s', (document = '', monolith = '', service = '') =>
    expect([whose(document, 'monolith'), whose(document, 'service')]).toEqual([monolith, service]),
  );
});
