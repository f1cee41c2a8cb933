import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writePinsStatement } from '@strangler-toolkit/plan';
import { freePort } from '@strangler-toolkit/dev-stack';
import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type Control, openControl } from '../src/control/index.ts';
import type { RouteExplanation } from '../src/steps/routes/explain-route.ts';
import type { RouteList } from '../src/steps/routes/list-routes.ts';
import { cli, type CliResult, json } from './support/cli.ts';
import { openScene, type Scene, shop } from './support/scene.ts';

const graphql = (name: string) => ({ name, method: 'POST', path: '/graphql' });
let scene: Scene;
let control: Control;
beforeAll(async () => {
  scene = await openScene('routes');
  control = await openControl(scene.control.url);
  await writeFile(
    join(scene.dir, 'catalog.json'),
    JSON.stringify({
      ...shop,
      identity: ['cookie:sid'],
      routes: [
        ...shop.routes,
        { name: 'one', method: 'GET', path: '/api/products/:id', kind: 'read' },
        { name: 'under', method: 'ANY', path: '/api/products/**', kind: 'write' },
        { ...graphql('products'), kind: 'read', graphql: { fields: ['products', 'product'] } },
        { ...graphql('add-product'), kind: 'write', graphql: { fields: ['addProduct'] } },
      ],
    }),
  );
});
afterAll(async () => {
  await control?.close();
  await scene?.close();
});

const routes = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
  cli(['routes', ...args], { ...scene.env, ...env });
const text = async (...args: string[]): Promise<string> => (await routes(args)).stdout;
const explained = async (...args: string[]): Promise<RouteExplanation> =>
  json(await routes(['explain', ...args, '--json']));

describe('strangler routes', () => {
  test('prints every claimed route with kind, data and owner', async () => {
    const shown = await text();
    expect(shown).toMatch(
      /GET +\/api\/products\/:id +catalog\.one +read +replicated +monolith \(monolith\)/,
    );
    expect(shown).toMatch(/ANY +\/api\/products\/\*\* +catalog\.under +write +replicated/);
    expect(shown).toMatch(/POST +\/api\/rates +rates\.book +write +none/);
    const { routes: rows, ownersProblem } = json<RouteList>(await routes(['rates', '--json']));
    expect(ownersProblem).toBeNull();
    expect(rows.map(({ context, route }) => `${context}.${route}`)).toEqual([
      'rates.quote',
      'rates.book',
    ]);
  });

  test('says so where owners are not known, and prints the table all the same', async () => {
    const port = await freePort();
    const gone = { STRANGLER_CONTROL_URL: `postgresql://nobody@127.0.0.1:${port}/control` };
    const { code, stdout } = await routes([], gone);
    expect(code).toBe(0);
    expect(stdout).toMatch(/catalog\.one +read +replicated +not known/);
    expect(stdout).toMatch(/owners are not known: DB_UNREACHABLE: /);
    const unset = await routes([], { STRANGLER_CONTROL_URL: '' });
    expect(unset.stdout).toMatch(/owners are not known: STRANGLER_CONTROL_URL is not set/);
  });

  test('refuses what the facade would refuse, and a context that is not there', async () => {
    expect((await routes(['nobody'])).stderr).toMatch(/^CONTEXT_UNKNOWN/);
  });
});

describe('strangler tester token', () => {
  const edge = (): string => join(scene.dir, '..', 'edge.json');
  const tester = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
    cli(['tester', 'token', ...args], { ...scene.env, ...env });

  test('makes a token that explain knows, and refuses what no facade would take', async () => {
    await writeFile(edge(), JSON.stringify({ testers: { keys: [{ env: 'KEY' }], maxHours: 10 } }));
    const set = { FACADE_EDGE: edge(), KEY: 'k'.repeat(32) };
    const made = await tester(['catalog', '--side', 'service', '--who', 'anna'], set);
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(made.stderr).toMatch(/Reads of catalog by the service, until 20/);
    const header = `x-strangler-tester: ${made.stdout.trim()}`;
    const shown = (await routes(['explain', 'GET /api/rates', '--header', header], set)).stdout;
    expect(shown).toMatch(
      /tester +reads of catalog by the service \(of anna, .*not of this context/,
    );
    const forged = await routes(['explain', 'GET /api/rates', '--header', header], {
      ...set,
      KEY: 'x'.repeat(32),
    });
    expect(forged.stdout).toMatch(/tester +counts for nothing: none of the keys signed it/);
    const rates = json<{ header: string; cookie: string; contexts: string[] }>(
      await tester(['rates', '--side', 'service', '--for', '30m', '--json'], set),
    );
    expect(rates.contexts).toEqual(['rates']);
    const { answers } = json<RouteExplanation>(
      await routes(
        ['explain', 'GET /api/rates', '--header', `cookie: ${rates.cookie}`, '--json'],
        set,
      ),
    );
    expect(answers).toEqual([{ target: 'service', reason: 'tester', percent: 100 }]);
    const long = await tester(['catalog', '--side', 'service', '--for', '11h'], set);
    expect([long.code, long.stderr]).toEqual([2, expect.stringMatching(/^USAGE: .*10 hours/)]);
    const unknown = await tester(['nobody', '--side', 'service'], set);
    expect(unknown.stderr).toMatch(/^CONTEXT_UNKNOWN/);
    const unset = await tester(['catalog', '--side', 'service']);
    expect([unset.code, unset.stderr]).toEqual([
      2,
      expect.stringMatching(/^CONFIG_ENV_MISSING: FACADE_EDGE/),
    ]);
  });
});

describe('strangler routes explain', () => {
  test('names the route that claims a request, what the upstream gets and why others do not', async () => {
    const shown = await text('explain', 'GET //api/products/%37?full=1');
    expect(shown).toMatch(/canonical +\/api\/products\/7\n/);
    expect(shown).toMatch(/claimed by +catalog\.one \(GET \/api\/products\/:id\), read\n/);
    expect(shown).toMatch(/upstream gets +\/api\/products\/7\?full=1\n/);
    expect(shown).toMatch(/catalog\.under \(ANY .*\): a parameter beats the end of a prefix/);
    expect(shown).toMatch(/catalog\.list \(GET \/api\/products\): the path goes on with "\/7"/);
    expect(shown).toMatch(/flag +not made\n/);
    expect(shown).toMatch(/answers +monolith: flags steer from canary on/);
  });

  test('shows what nobody claims as a wire, and what is refused with each reading', async () => {
    const wire = await text('explain', 'GET /img//a%2Fb');
    expect(wire).toMatch(/claimed by +nobody\n/);
    expect(wire).toMatch(/upstream gets +\/img\/\/a%2Fb\n/);
    expect(wire).toMatch(/answers +monolith: no context claims it/);
    const refused = await text('explain', 'GET /api%2Fproducts');
    expect(refused).toMatch(/400 PATH_REFUSED: the path has an encoded slash/);
    expect(refused).toMatch(/also read as +\/api\/products: catalog\.list/);
    expect(refused).not.toMatch(/answers|upstream gets/);
  });

  test('says whose a GraphQL operation is, and why', async () => {
    const asked = (document: string, ...more: string[]) =>
      text('explain', 'POST /graphql', '--graphql', document, ...more);
    expect(await text()).toMatch(
      /POST +\/graphql, query \{ products, product \} +catalog\.products +read /,
    );
    const read = await asked('{ shop: products { id } }');
    expect(read).toMatch(/asks for +query \{ products \}\n/);
    expect(read).toMatch(/claimed by +catalog\.products \(POST \/graphql, query .*\), read\n/);
    expect(read).toMatch(/catalog\.add-product \(POST .*\): it is for mutation \{ addProduct \}\n/);
    expect(await asked('mutation { addProduct { id } }')).toMatch(
      /claimed by +catalog\.add-product \(.*\), write\n/,
    );
    const nobodys = await asked(
      'query A { stock } query B { products { id } }',
      '--operation',
      'A',
    );
    expect(nobodys).toMatch(
      /asks for +query A \{ stock \}\n.*nobody’s +stock\n +claimed by +nobody\n/s,
    );
    expect(nobodys).toMatch(/answers +monolith: no context claims it/);
    expect(await asked('{ products { id } stock }')).toMatch(
      /claimed by +catalog\.products: the monolith has all of it\n.*answers +monolith: it owns the data/s,
    );
    expect(await asked('query A { stock } query B { products { id } }')).toMatch(
      /claimed by +nobody knows \(the document has several operations.*the monolith has all/,
    );
    const get = await text('explain', 'GET /graphql?query={products{id}}');
    expect(get).toMatch(/claimed by +catalog\.products /);
    expect(await text('explain', 'POST /graphql')).toMatch(
      /claimed by +what it asks for says: catalog\.products, catalog\.add-product \(give/,
    );
    const alone = await routes(['explain', 'POST /graphql', '--operation', 'A']);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringMatching(/^USAGE: --operation /)]);
  });

  test('counts a request that may be another method as the write that it may be', async () => {
    const { override, route } = await explained(
      'POST /api/products/7',
      '--header',
      'X-HTTP-Method-Override: DELETE',
    );
    expect({ override, kind: route?.kind }).toEqual({ override: 'DELETE', kind: 'write' });
  });

  test('does not guess who answers where the owner of replicated data is not known', async () => {
    const { stdout } = await routes(['explain', 'POST /api/products'], {
      STRANGLER_CONTROL_URL: '',
    });
    expect(stdout).toMatch(/owner +not known: STRANGLER_CONTROL_URL is not set/);
    expect(stdout).toMatch(/answers +not known/);
  });

  test('after a cutover the owner answers writes, and a reader who wrote reads there too', async () => {
    await control.contexts.register('catalog', 'replicated');
    for (const stage of ['replicating', 'shadowing', 'canary'] as const)
      await control.contexts.setStage({
        context: 'catalog',
        expectedStage: (await control.contexts.require('catalog')).stage,
        stage,
      });
    await control.flip({
      context: 'catalog',
      expectedEpoch: 1,
      owner: 'service',
      stage: 'service',
      startLsn: '0/1',
    });
    await control.watermarks.upsert({
      context: 'catalog',
      direction: 'reverse',
      epoch: 2,
      state: 'streaming',
      workerId: randomUUID(),
      appliedLsn: '0/5',
      appliedAt: await control.now(),
    });
    const mixed = await explained('POST /graphql', '--graphql', 'mutation { addProduct other }');
    expect(mixed).toMatchObject({
      verdict: 'refused',
      upstreamTarget: null,
      answers: [],
      graphql: { outcome: 'two-owners', because: 'catalog and nobody (other)', others: ['other'] },
    });
    expect(await text('explain', 'POST /graphql', '--graphql', '{ products stock }')).toMatch(
      /claimed by +409 GRAPHQL_TWO_OWNERS: catalog and nobody \(stock\)\n/,
    );
    expect(await text('explain', 'POST /graphql', '--graphql', 'mutation { ')).toMatch(
      /claimed by +400 GRAPHQL_UNREADABLE: the document cannot be read/,
    );
    const write = await explained('POST /api/products');
    expect(write.answers).toEqual([{ target: 'service', reason: 'owner', percent: 100 }]);
    expect(write.route).toMatchObject({ owner: 'service', epoch: 2, stage: 'service' });

    await control.flags.turnOn('catalog.list');
    await control.flags.turnOff('catalog.list');
    const read = await explained('GET /api/products', '--header', 'cookie: sid=ann');
    expect(read).toMatchObject({
      identity: { found: 1 },
      pins: { streams: true, since: null, count: 0 },
      answers: [{ target: 'monolith', percent: 100 }],
    });

    const ann = createHash('sha256').update('cookie:sid\nann').digest('hex').slice(0, 32);
    const client = new pg.Client(scene.control.url);
    await client.connect();
    const { text: pin, values } = writePinsStatement(['catalog'], [ann]);
    await client.query(pin, values);
    await client.end();
    const pinned = await explained('GET /api/products', '--header', 'cookie: sid=ann');
    expect(pinned.pins).toMatchObject({ count: 1, since: expect.stringMatching(/^\d{4}-/) });
    expect(pinned.answers).toEqual([{ target: 'service', reason: 'pin', percent: 100 }]);
    const other = await explained('GET /api/products', '--header', 'cookie: sid=bob');
    expect(other.pins).toMatchObject({ count: 1, since: null });
    expect(other.answers).toMatchObject([{ target: 'monolith' }]);
  });

  test.each([
    [['explain', 'nonsense'], 'is no request line'],
    [['explain', 'FETCH /x'], 'is no request line'],
    [['explain', 'GET /x', '--header', 'cookie'], 'is no header'],
  ])('%j is refused as usage', async (args, message) => {
    const { code, stderr } = await routes(args);
    expect({ code, named: stderr.includes(message) }).toEqual({ code: 2, named: true });
  });
});
