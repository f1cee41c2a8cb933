import { createServer, type Server } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type StateSetup, verifyPacts } from '@strangler-toolkit/contracts';
import pg from 'pg';
import { createTestDatabase, freePort, type TestDatabase } from '@strangler-toolkit/dev-stack';

// A provider that nobody here wrote for Pact: no endpoint for states, an answer that depends on one.
let provider: Server;
let url: string;
let stock = new Map<string, string>();
let asked: string[] = [];
let bodies: string[] = [];
let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verdicts-'));
  database = await createTestDatabase('pact_states');
  provider = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(`${request.method} ${path}`);
    if (path === '/take') {
      let body = '';
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(303, { location: '/things/1' }).end();
      });
      return;
    }
    if (path === '/states') {
      response.writeHead(404).end('no such state');
      return;
    }
    const [, , id = ''] = path.split('/');
    const name = path.startsWith('/things/') ? stock.get(id) : undefined;
    response
      .writeHead(path === '/broken' ? 500 : name === undefined ? 404 : 200, {
        'content-type': 'application/json',
      })
      .end(JSON.stringify(name === undefined ? { error: 'none' } : { name }));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(provider.address() as { port: number }).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => (provider ? provider.close(resolve) : resolve(undefined)));
  await rm(folder, { recursive: true, force: true });
  await database?.drop();
});

async function rows(statement: string): Promise<unknown[]> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

type Json = Record<string, unknown>;
const pact = (interactions: readonly Json[], more: Json = {}): Json => ({
  consumer: { name: 'reader' },
  provider: { name: 'things' },
  metadata: { pactSpecification: { version: '4.0' } },
  interactions,
  ...more,
});
const http = (description: string, path: string, status: number, more: Json = {}): Json => ({
  type: 'Synchronous/HTTP',
  description,
  request: { method: 'GET', path },
  response: { status },
  ...more,
});

async function verified(
  pacts: Readonly<Record<string, Json>>,
  states?: StateSetup,
): Promise<{ verdicts: Record<string, string>; mismatches: string[]; ok: boolean }> {
  const pactsDir = await mkdtemp(join(folder, 'pacts-'));
  for (const [name, content] of Object.entries(pacts))
    await writeFile(join(pactsDir, `${name}.json`), JSON.stringify(content));
  asked = [];
  const { service } = await verifyPacts({
    pactsDir,
    provider: 'things',
    sides: { service: { url, ...(states && { states }) } },
  });
  return {
    verdicts: Object.fromEntries(
      service.interactions.map(({ description, verdict }) => [description, verdict]),
    ),
    mismatches: service.interactions.map(({ mismatch }) => mismatch),
    ok: service.ok,
  };
}

describe('what is no proof is not called kept', () => {
  test('a pending interaction that the provider fails, which Pact itself lets pass', async () => {
    const { verdicts, mismatches, ok } = await verified({
      one: pact([http('fine', '/things/1', 404), http('new', '/broken', 200, { pending: true })]),
    });
    expect(verdicts).toEqual({ fine: 'kept', new: 'pending' });
    expect(mismatches[1]).toMatch(/marked pending \(it would not hold\)[^]*500/);
    expect(ok).toBe(false);
  });

  test('a pending interaction that would hold', async () => {
    const { verdicts, ok } = await verified({
      one: pact([http('new', '/things/1', 404, { pending: true })]),
    });
    expect({ verdicts, ok }).toEqual({ verdicts: { new: 'pending' }, ok: false });
  });

  test.each<[string, StateSetup | undefined, RegExp]>([
    ['no way to enter it', undefined, /names no way to enter provider states/],
    ['a command that fails', { command: 'echo out of stock >&2; exit 3' }, /ended with 3: out of/],
    ['a state that no statement makes', { sql: {}, database: 'unused' }, /no statement for the/],
  ])(
    'a provider state that was not entered: %s, though the answer fits',
    async (_, states, reason) => {
      const { verdicts, mismatches, ok } = await verified(
        { one: pact([http('absent', '/things/1', 404, { providerStates: [{ name: 'none' }] })]) },
        states,
      );
      expect(verdicts).toEqual({ absent: 'state-not-entered' });
      expect(mismatches[0]).toMatch(reason);
      expect(ok).toBe(false);
    },
  );

  test('a state URL that answers 404 or not at all', async () => {
    const pacts = {
      one: pact([http('absent', '/things/1', 404, { providerStates: [{ name: 'none' }] })]),
    };
    const refused = await verified(pacts, { url: `${url}/states` });
    expect(refused.verdicts).toEqual({ absent: 'state-not-entered' });
    expect(refused.mismatches[0]).toMatch(/answered 404: no such state/);
    const silent = await verified(pacts, { url: `http://127.0.0.1:${await freePort()}` });
    expect(silent.verdicts).toEqual({ absent: 'state-not-entered' });
    expect(silent.mismatches[0]).toMatch(/does not answer: .*ECONNREFUSED/);
  });

  test('a message of the same provider', async () => {
    const { verdicts, ok } = await verified({
      one: pact([
        http('fine', '/things/1', 404),
        { type: 'Asynchronous/Messages', description: 'thing made', contents: {} },
      ]),
      older: pact([], {
        interactions: undefined,
        messages: [{ description: 'thing gone', contents: {} }],
        metadata: { pactSpecification: { version: '3.0.0' } },
      }),
    });
    expect(verdicts).toEqual({ fine: 'kept', 'thing made': 'message', 'thing gone': 'message' });
    expect(ok).toBe(false);
  });

  test('a provider that went away in the middle is named, and the rest is still asked', async () => {
    const { verdicts, mismatches } = await verified({
      one: pact([http('cut off', '/broken', 200), http('fine', '/things/1', 404)]),
    });
    expect(verdicts).toEqual({ 'cut off': 'broken', fine: 'kept' });
    expect(mismatches[0]).toMatch(/expected 200 but was 500/i);
    expect(mismatches[1]).toBe('');
  });
});

describe('states of a provider without an endpoint for them', () => {
  const needing = (value: Json): Json =>
    pact([
      http('a thing', '/things/7', 200, {
        providerStates: [{ name: 'a thing exists', params: { name: "bolt's" } }],
        response: {
          status: 200,
          headers: { 'content-type': ['application/json'] },
          body: { content: value, contentType: 'application/json', encoded: false },
        },
      }),
    ]);

  test('by a command, which gets the name and the parameters', async () => {
    const file = join(folder, 'state.json');
    stock = new Map([['7', 'bolt']]);
    const { verdicts } = await verified(
      { one: needing({ name: 'bolt' }) },
      { command: `printf '%s ' "$PACT_STATE" > '${file}'; cat >> '${file}'` },
    );
    expect(verdicts).toEqual({ 'a thing': 'kept' });
    expect(await readFile(file, 'utf8')).toBe(`a thing exists {"name":"bolt's"}`);
  });

  test('by SQL, with the parameters bound and what it made given to the pact', async () => {
    await rows('CREATE TABLE things (id text, name text)');
    stock = new Map([['41', "bolt's"]]);
    const { verdicts, mismatches } = await verified(
      {
        one: pact([
          {
            type: 'Synchronous/HTTP',
            description: 'a thing',
            providerStates: [{ name: 'a thing exists', params: { name: "bolt's" } }],
            request: {
              method: 'GET',
              path: '/things/1',
              generators: { path: { type: 'ProviderState', expression: '/things/${id}' } },
              matchingRules: { path: { combine: 'AND', matchers: [{ match: 'type' }] } },
            },
            response: { status: 200 },
          },
        ]),
      },
      {
        sql: {
          'a thing exists': `INSERT INTO things VALUES ('4' || (length(':id') - 2)::text, :name) RETURNING id`,
        },
        database: database.url,
      },
    );
    expect(mismatches).toEqual(['']);
    expect(verdicts).toEqual({ 'a thing': 'kept' });
    expect(asked).toContain('GET /things/41');
    expect(await rows('SELECT id, name FROM things')).toEqual([{ id: '41', name: "bolt's" }]);
  });

  test('declared as present', async () => {
    stock = new Map([['7', 'bolt']]);
    const { verdicts } = await verified(
      { one: needing({ name: 'bolt' }) },
      { present: 'loaded with the image' },
    );
    expect(verdicts).toEqual({ 'a thing': 'kept' });
  });
});

describe('the provider is asked as the pact says', () => {
  const taking = (contentType: string, content: string, location: string): Json =>
    http('taken', '/take', 303, {
      request: {
        method: 'POST',
        path: '/take',
        headers: { 'content-type': [contentType] },
        body: { content, contentType, encoded: false },
      },
      response: { status: 303, headers: { location: [location] } },
    });

  test('a form arrives as a form, and a redirect is looked at, not followed', async () => {
    bodies = [];
    const form = 'application/x-www-form-urlencoded';
    const { verdicts } = await verified({ one: pact([taking(form, 'a=1&b=x+y', '/things/1')]) });
    expect(verdicts).toEqual({ taken: 'kept' });
    expect(bodies).toEqual(['a=1&b=x+y']);
    const { mismatches } = await verified({ one: pact([taking(form, 'a=1', '/elsewhere')]) });
    expect(mismatches[0]).toMatch(/location/i);
  });

  test('whatever broker the environment names, only what lies in the folder is verified', async () => {
    const before = process.env.PACT_BROKER_BASE_URL;
    process.env.PACT_BROKER_BASE_URL = url;
    try {
      const { verdicts } = await verified({ one: pact([http('fine', '/things/1', 404)]) });
      expect(verdicts).toEqual({ fine: 'kept' });
    } finally {
      if (before === undefined) delete process.env.PACT_BROKER_BASE_URL;
      else process.env.PACT_BROKER_BASE_URL = before;
    }
    expect(asked).toEqual(['HEAD /', 'GET /things/1']);
  });
});

describe('what lies in the folder beside them', () => {
  test('pacts and messages of other providers are passed over', async () => {
    const { verdicts } = await verified({
      one: pact([http('fine', '/things/1', 404)]),
      foreign: pact([http('not mine', '/broken', 200)], { provider: { name: 'other' } }),
      events: {
        consumer: { name: 'mailer' },
        provider: { name: 'events' },
        messages: [{ description: 'a message', contents: {} }],
        metadata: { pactSpecification: { version: '3.0.0' } },
      },
    });
    expect(verdicts).toEqual({ fine: 'kept' });
  });

  test('states are read from every version of the specification', async () => {
    const { verdicts } = await verified({
      two: {
        consumer: { name: 'old' },
        provider: { name: 'things' },
        interactions: [
          {
            description: 'version 2',
            providerState: 'none',
            request: { method: 'get', path: '/things/1' },
            response: { status: 404 },
          },
        ],
        metadata: { pactSpecification: { version: '2.0.0' } },
      },
    });
    expect(verdicts).toEqual({ 'version 2': 'state-not-entered' });
  });
});

test('each named provider is asked for itself, and one alone when only one is named', async () => {
  const pactsDir = await mkdtemp(join(folder, 'pacts-'));
  await writeFile(
    join(pactsDir, 'one.json'),
    JSON.stringify(pact([http('fine', '/things/1', 404)])),
  );
  const results = await verifyPacts({
    pactsDir,
    provider: 'things',
    sides: { facade: { url }, canary: { url: `http://127.0.0.1:${await freePort()}` } },
  });
  expect(Object.entries(results).map(([side, { ok }]) => [side, ok])).toEqual([
    ['facade', true],
    ['canary', false],
  ]);
  expect(results.canary.interactions[0]?.verdict).toBe('unreachable');
});
