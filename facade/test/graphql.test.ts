import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { ask, askRaw } from './support/client.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

let monolith: Upstream;
let service: Upstream;
let control: TestControl;
let facade: RunningFacade;

/** Says who answered, and what it was asked. */
const side = (name: string): Promise<Upstream> =>
  startUpstream(name, (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    request.on('end', () =>
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ from: name, url: request.url, body })),
    );
  });
beforeAll(async () => {
  [monolith, service, control] = await Promise.all([
    side('monolith'),
    side('service'),
    startControl(),
  ]);
});
afterEach(() => facade?.stop());
afterAll(async () => {
  await Promise.all([monolith?.close(), service?.close(), control?.close()]);
});

const contexts = (): MigrationDefinition[] => [
  {
    context: 'items',
    data: 'replicated',
    monolith: { url: monolith.url },
    service: { url: service.url },
    identity: ['header:authorization'],
    routes: [
      { name: 'items', fields: ['items', 'item'], kind: 'read' as const },
      { name: 'search', operations: ['Search'], kind: 'read' as const },
      { name: 'add', fields: ['addItem'], kind: 'write' as const },
      {
        name: 'watch',
        fields: ['itemAdded'],
        kind: 'read' as const,
        type: 'subscription' as const,
      },
    ].map(({ name, kind, ...graphql }) => ({
      name,
      kind,
      method: 'POST',
      path: '/graphql',
      graphql,
    })),
  },
  {
    context: 'orders',
    data: 'shared',
    monolith: { url: monolith.url },
    service: { url: 'http://127.0.0.1:9' },
    routes: [
      {
        name: 'orders',
        method: 'POST',
        path: '/graphql',
        kind: 'read',
        graphql: { fields: ['orders'] },
      },
      {
        name: 'place',
        method: 'POST',
        path: '/graphql',
        kind: 'write',
        graphql: { fields: ['place'] },
      },
    ],
  },
];
const start = async (
  forwarder: 'undici' | 'middleware',
  flags: Record<string, boolean> = {},
): Promise<void> => {
  facade = await startFacade({
    contexts: contexts(),
    monolithUrl: monolith.url,
    controlUrl: control.url,
    forwarder,
    fixedFlags: flags,
    limits: { graphqlBodyBytes: 4_000, pollMs: 100 },
  });
};

interface Asked {
  readonly status: number;
  /** Who answered; the code of an answer that is the facade's own. */
  readonly from: string;
  readonly url: string;
  readonly body: string;
}
const told = ({ status, body }: { status: number; body: string }): Asked => {
  const { from, code, errors, ...more } = JSON.parse(body);
  return { status, from: from ?? code ?? errors[0].message, ...more };
};
const post = async (
  body: string,
  { type = 'application/json', path = '/graphql', headers = {} } = {},
): Promise<Asked> =>
  told(
    await ask(facade.port, path, {
      method: 'POST',
      headers: { ...(type && { 'content-type': type }), authorization: 'ann', ...headers },
      body,
    }),
  );
const gql = (query: string, more: object = {}): Promise<Asked> =>
  post(JSON.stringify({ query, ...more }));
const persisted = (text: string) => ({
  persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(text).digest('hex') },
});

describe.each(['undici', 'middleware'] as const)('%s', (forwarder) => {
  describe('while flags send reads to the service', () => {
    beforeAll(() => control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 }));
    const reads = { 'items.items': true, 'items.search': true, 'items.watch': true };
    const startSteered = async (flags: Record<string, boolean> = reads): Promise<void> => {
      await control.query('TRUNCATE strangler_control.pins');
      await start(forwarder, flags);
      await control.caughtUp();
    };

    test('an operation goes where its root fields say', async () => {
      await startSteered();
      const served = async (query: string): Promise<string> => (await gql(query)).from;
      expect(await served('{ items { id } }')).toBe('service');
      expect(
        await served('query ($a: Int) { mine: item(id: $a) @include(if: false) { id } }'),
      ).toBe('service');
      expect(
        await served(
          '{ ...f } fragment f on Query { ...g ... on Query { item { id } } } fragment g on Query { ...f __typename }',
        ),
      ).toBe('service');
      expect(await served('query Search { other }')).toBe('service');
      expect(await served('{ items: stock { id } }')).toBe('monolith');
      expect(await served('{ __schema { types { name } } }')).toBe('monolith');
      expect(await served('{ __typename }')).toBe('monolith');
      expect(await served('subscription { itemAdded { id } }')).toBe('monolith');
      expect(await served('{ items { id } stock }')).toBe('monolith');
      expect(await served('{ items { id } orders { id } }')).toBe('monolith');
      expect(await served('mutation { addItem }')).toBe('monolith');
      // a name is the client's own: the field's context decides
      expect(await served('query Search { items { id } orders { id } }')).toBe('monolith');
    });

    test('of several operations the one that is meant counts, and of a batch all', async () => {
      await startSteered();
      const two = 'query A { items { id } } query B { stock }';
      expect((await gql(two, { operationName: 'A' })).from).toBe('service');
      expect((await gql(two, { operationName: 'B' })).from).toBe('monolith');
      const batch = (...all: string[]) => post(JSON.stringify(all.map((query) => ({ query }))));
      expect((await batch('{ items { id } }', '{ item { id } }')).from).toBe('service');
      expect((await batch('{ items { id } }', '{ stock }')).from).toBe('monolith');
      expect((await gql(two)).from).toBe('monolith');
    });

    test('routes of one context share a request only where all their flags agree', async () => {
      await startSteered({ ...reads, 'items.search': false });
      const both = [{ query: '{ items { id } }' }, { query: 'query Search { other }' }];
      expect((await post(JSON.stringify(both))).from).toBe('monolith');
      expect((await gql('{ items { id } }')).from).toBe('service');
    });

    test('it may come by GET, as a form, or as the bare document', async () => {
      await startSteered();
      const get = async (search: string) => told(await ask(facade.port, `/graphql?${search}`));
      expect((await get(`query=${encodeURIComponent('{ items { id } }')}`)).from).toBe('service');
      expect((await get(`query=${encodeURIComponent('{ stock }')}`)).from).toBe('monolith');
      expect((await get('page=1')).from).toBe('monolith');
      const form = { type: 'application/x-www-form-urlencoded' };
      expect((await post('query=%7Bitems%7Bid%7D%7D', form)).from).toBe('service');
      expect((await post('{ items { id } }', { type: 'application/graphql' })).from).toBe(
        'service',
      );
    });

    test('a body reaches either side byte for byte, also with a BOM or in chunks', async () => {
      await startSteered();
      const text = ' {"query" : "{ items { id } }", "variables": {"x": 1.0, "x": 2}}';
      expect(await post(text)).toMatchObject({ from: 'service', body: text });
      const withBom = `\ufeff${text}`;
      expect(await post(withBom)).toMatchObject({
        from: 'service',
        body: Buffer.from(withBom).toString('latin1'),
      });
      const chunked = await askRaw(
        facade.port,
        'POST /graphql HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n' +
          'Content-Type: application/json\r\n\r\n' +
          [text.slice(0, 9), text.slice(9)]
            .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
            .join('') +
          '0\r\n\r\n',
      );
      expect(chunked).toContain('"from":"service"');
      expect(chunked).toContain(JSON.stringify(text));
      // what nobody claims keeps its spelling
      expect(
        await post(JSON.stringify({ query: '{ stock }' }), { path: '//graphql?a=%7e' }),
      ).toMatchObject({
        from: 'monolith',
        url: '//graphql?a=%7e',
      });
    });

    test('what cannot be read passes as it came, and pins its writer: it could be a mutation', async () => {
      await startSteered();
      const large = JSON.stringify({
        query: '{ items { id } }',
        variables: { a: 'x'.repeat(9_000) },
      });
      expect(await post(large)).toMatchObject({ from: 'monolith', body: large });
      const chunked = await askRaw(
        facade.port,
        'POST /graphql HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n' +
          `Content-Type: application/json\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
      );
      expect(chunked).toContain(JSON.stringify(large));
      // ann wrote, as far as anybody knows
      expect((await gql('{ items { id } }')).from).toBe('monolith');
    });

    test('a mutation of two contexts goes to the monolith that owns both, and pins its writer', async () => {
      await startSteered();
      expect((await gql('{ items { id } }')).from).toBe('service');
      expect((await gql('mutation { addItem place }')).from).toBe('monolith');
      expect((await gql('{ items { id } }')).from).toBe('monolith');
    });

    test('a mutation of two contexts waits while one of them is held', async () => {
      await startSteered();
      await control.hold(60_000);
      await until('the facade heard of the hold', async () =>
        Object.values((await facade.readiness()).contexts).some(({ held }) => held),
      );
      const before = monolith.seen.length;
      const write = gql('mutation { addItem place }');
      await until(
        'it waits',
        async () => (await facade.metric(/^facade_waiting_writes\{.*items/)) === 1,
      );
      expect(monolith.seen).toHaveLength(before);
      await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
      expect((await write).from).toBe('monolith');
    });
  });

  describe('once the service owns a context', () => {
    beforeAll(() => control.setContext({ stage: 'service', owner: 'service', epoch: 2 }));
    const reads = { 'items.items': true, 'items.search': true };

    test('its mutations go to the service, and what has two owners is refused', async () => {
      await start(forwarder, reads);
      expect((await gql('mutation { addItem }')).from).toBe('service');
      expect((await gql('subscription { itemAdded { id } }')).from).toBe('service');
      expect((await gql('mutation { place }')).from).toBe('monolith');
      const before = [monolith.seen.length, service.seen.length];
      for (const query of [
        'mutation { addItem place }',
        'mutation { addItem other }',
        '{ items { id } stock }',
        '{ items { id } __schema { types { name } } }',
      ])
        expect(await gql(query)).toMatchObject({ status: 409, from: 'GRAPHQL_TWO_OWNERS' });
      expect(
        await post(JSON.stringify([{ query: '{ items { id } }' }, { query: '{ orders }' }])),
      ).toMatchObject({ status: 409 });
      expect([monolith.seen.length, service.seen.length]).toEqual(before);
      expect((await gql('{ stock }')).from).toBe('monolith');
      // no server takes it for an operation, least of all for a mutation
      expect((await gql('{ items { ')).from).toBe('monolith');
    });

    test('what could be a mutation and cannot be read is refused, with a code, and reaches nobody', async () => {
      await start(forwarder, reads);
      const before = [monolith.seen.length, service.seen.length];
      const write = JSON.stringify({ query: 'mutation { addItem }' });
      const refused = async (asked: Promise<Asked>): Promise<void> =>
        expect(await asked).toMatchObject({ status: 400, from: 'GRAPHQL_UNREADABLE' });
      await refused(post(JSON.stringify({ query: 'mutation { addItem }', a: 'x'.repeat(9_000) })));
      await refused(post(write, { type: 'text/plain' }));
      await refused(post(write, { type: '' }));
      await refused(post(write, { type: 'application/json; charset=utf-16' }));
      await refused(post(write, { headers: { 'content-encoding': 'gzip' } }));
      await refused(post(write, { headers: { 'x-http-method-override': 'PUT' } }));
      await refused(post(write, { headers: { content_type: 'text/plain' } }));
      await refused(post(write, { path: '/graphql?query={stock}' }));
      await refused(post('{"query":"{ stock }","query":"mutation { addItem }"}'));
      await refused(post('{"query":"{ stock }","Query":"mutation { addItem }"}'));
      await refused(post("{'query': 'mutation { addItem }'}"));
      await refused(
        post('--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--', {
          type: 'multipart/form-data; boundary=x',
        }),
      );
      await refused(gql('mutation { addItem '));
      await refused(
        gql(`${'{a'.repeat(1_500)}${'}'.repeat(1_500)}`, { operationName: 'x', id: 'abc' }),
      );
      await refused(gql('mutation A { addItem } query B { stock }'));
      await refused(
        post(JSON.stringify({ query: '{ stock }', extensions: persisted('mutation { addItem }') })),
      );
      await refused(post(JSON.stringify({ documentId: 'abc' })));
      const compressed = gzipSync(write);
      expect(
        await askRaw(
          facade.port,
          Buffer.concat([
            Buffer.from(
              `POST /graphql HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: ${compressed.length}\r\n\r\n`,
            ),
            compressed,
          ]),
        ),
      ).toContain('GRAPHQL_UNREADABLE');
      expect([monolith.seen.length, service.seen.length]).toEqual(before);
      expect(await facade.metric(/^facade_rejected_total\{code="GRAPHQL_UNREADABLE"/)).toBe(18);
    });

    test('a persisted query is asked for once, and known by its hash from then on', async () => {
      await start(forwarder, reads);
      const text = 'mutation Add { addItem }';
      const byHash = JSON.stringify({ extensions: persisted(text) });
      expect(await post(byHash)).toMatchObject({ status: 200, from: 'PersistedQueryNotFound' });
      expect((await gql(text, { extensions: persisted(text) })).from).toBe('service');
      expect(await post(byHash)).toMatchObject({ from: 'service', body: byHash });
      const { sha256Hash } = persisted(text).persistedQuery;
      expect((await post(JSON.stringify({ documentId: `sha256:${sha256Hash}` }))).from).toBe(
        'service',
      );
      const stock = '{ stock }';
      await gql(stock);
      const search = `extensions=${encodeURIComponent(JSON.stringify(persisted(stock)))}`;
      expect(told(await ask(facade.port, `/graphql?${search}`)).from).toBe('monolith');
    });
  });
});
