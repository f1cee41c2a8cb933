import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyPacts } from '@strangler-toolkit/contracts';
import { compileRoutes, numberStatements } from '@strangler-toolkit/plan';
import pg from 'pg';
import catalog from '../../contexts/catalog.ts';
import { answerForm, answerFormKey } from '../../facade/src/shadow/answer-form.ts';
import type { MirroredRead } from '../../facade/src/shadow/mirror.ts';
import { createControlDatabase } from '../../migration/test/support/control-database.ts';
import { plainRequest } from '../../migration/src/steps/contracts/record/plain-request.ts';
import { cli } from '../../migration/test/support/cli.ts';
import { documentCheck, type Document } from '../../legacy-monolith/test/document-check.ts';
import { openapiProblems } from './support/openapi-schema.ts';
import { AlteringProxy } from './support/altering-proxy.ts';
import { startShopSides, type ShopSides } from './support/shop-sides.ts';

const contexts = new URL('../../contexts/', import.meta.url).pathname;
let targets: string[] = [];
let ids: string[] = [];
const targetsOf = (those: readonly string[]): string[] => [
  ...those.map((id) => `/api/products/${id}`),
  '/api/products/99999999',
  '/api/products?page=1&per_page=5',
  '/api/products?page=2&per_page=5',
  '/api/categories',
  '/api/products?q=Anna',
];

let shop: ShopSides;
let folder: string;
beforeAll(async () => {
  shop = await startShopSides();
  const listed = await fetch(`${shop.monolith}/api/products?page=1&per_page=5`);
  const { items } = (await listed.json()) as { items: { id: string | number }[] };
  // Every tenth long key of a row has a card's check digit, and is kept back.
  ids = items
    .map(({ id }) => String(id))
    .filter((id) => plainRequest(`/api/products/${id}`, '/api/products/:id') !== undefined);
  targets = targetsOf(ids);
  folder = await mkdtemp(join(tmpdir(), 'recorded-'));
});
afterAll(async () => {
  await shop?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As a facade keeps them of reads that both sides answer alike. */
async function keptByShadow(url: string, those: readonly string[]): Promise<void> {
  const table = compileRoutes([catalog]);
  const forms = await Promise.all(
    those.map(async (target) => {
      const { pathname: path, search } = new URL(target, shop.monolith);
      const route = table.match('GET', path)!;
      const answer = await fetch(`${shop.monolith}${target}`);
      const read = { route, method: 'GET', target: { path, search }, headers: {} };
      return answerForm(read as unknown as MirroredRead, {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: Buffer.from(await answer.arrayBuffer()),
      });
    }),
  );
  const once = [...new Map(forms.map((form) => [answerFormKey(form), form])).values()];
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(numberStatements.addAnswerForms, [JSON.stringify(once)]);
  await client.end();
}

test('what the shadow kept becomes a pact too, with values that are named for what it asks', async () => {
  const control = await createControlDatabase('recorded_control');
  try {
    await keptByShadow(control.url, [...targets, `/api/products/${ids[0]}/price-history`]);
    const drafting = (...more: string[]) =>
      cli(
        ['contracts', 'record', 'catalog', '--shadow', '--out', join(folder, 'shadow'), ...more],
        {
          STRANGLER_CONTEXTS: contexts,
          MONOLITH_URL: shop.monolith,
          STRANGLER_CONTROL_URL: control.url,
        },
      );
    const bare = await drafting();
    expect(bare.code).toBe(0);
    expect(bare.stdout).toMatch(/^GET \/api\/categories answers 200 [^\n]*, holds$/m);
    expect(bare.stdout).toMatch(
      /forms of answers are not drafted: the shadow keeps no values, --param names one \(id\)[^\n]*: GET \/api\/products\/:id/,
    );
    const named = await drafting(
      '--param',
      `id=${ids[0]}`,
      '--param',
      'page=1',
      '--param',
      'per_page=5',
    );
    expect([named.code, named.stderr]).toEqual([0, expect.anything()]);
    for (const said of [
      /^GET \/api\/products\/:id answers 200 [^\n]*, holds\n {2}given a product exists \(id = \d+\)$/m,
      /^GET \/api\/products\/:id answers 404 [^\n]*, holds\n {2}given a product does not exist \(id = 99999999\)$/m,
      /^GET \/api\/products\?page&per_page answers 200 [^\n]*, holds$/m,
      /^GET \/api\/products\/:id\/price-history answers 200 [^\n]*, holds$/m,
      /^ {2}no traffic: [^\n]*GET \/api\/categories\/:id$/m,
    ])
      expect(named.stdout).toMatch(said);
    const { interactions } = JSON.parse(await draftOf('shadow')) as {
      interactions: { description: string; response: { matchingRules?: { body?: object } } }[];
    };
    expect(
      interactions.find(({ description }) =>
        description.startsWith('GET /api/products/:id answers 200'),
      )?.response.matchingRules?.body,
    ).toMatchObject({
      '$.price': { matchers: [{ match: 'type' }, { match: 'regex', regex: '^-?\\d+\\.\\d{2}$' }] },
    });
    expect((await drafting('--param', 'id')).code).toBe(2);
  } finally {
    await control.drop();
  }
});

const record = (traffic: string, out: string, monolith: string, ...more: string[]) =>
  cli(
    ['contracts', 'record', 'catalog', '--traffic', traffic, '--out', join(folder, out), ...more],
    { STRANGLER_CONTEXTS: contexts, MONOLITH_URL: monolith },
  );
const draftOf = (out: string): Promise<string> =>
  readFile(join(folder, out, 'recorded-traffic-catalog.json'), 'utf8');

/** As a browser saves it. */
async function harOf(base: string): Promise<string> {
  const entries = await Promise.all(
    targets.map(async (target) => {
      const response = await fetch(`${base}${target}`);
      const list = [...response.headers].map(([name, value]) => ({ name, value }));
      return {
        request: { method: 'GET', url: `https://shop.example${target}`, headers: [] },
        response: {
          status: response.status,
          headers: list,
          content: { text: await response.text() },
        },
      };
    }),
  );
  return JSON.stringify({ log: { entries } });
}

test('an access log becomes a pact that the monolith keeps, and one that a careless rewrite breaks', async () => {
  const log = join(folder, 'access.log');
  const line = (target: string) =>
    `127.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET ${target} HTTP/1.1" 200 1`;
  await writeFile(log, [...targets.map(line), 'no request', ''].join('\n'));
  const { code, stdout, stderr } = await record(log, 'from-log', shop.monolith);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  expect(stdout).toMatch(
    /^GET \/api\/products\/:id answers 200 with application\/json: from \d answers, holds\n {2}given a product exists \(id = \d+\)$/m,
  );
  expect(stdout).toContain(`from ${ids.length} answers, holds\n  given a product exists`);
  expect(stdout).toMatch(
    /answers 404 .*holds\n {2}given a product does not exist \(id = 99999999\)$/m,
  );
  expect(stdout).toMatch(
    /^ {2}1 requests are not asked again: what was asked could be [^\n]*: GET \/api\/products \(200 ×2\)$/m,
  );
  expect(stdout).toMatch(
    /^ {2}no traffic: GET \/api\/products\/:id\/price-history, [^\n]*GET \/api\/categories\/:id$/m,
  );
  expect(stdout).toMatch(
    /^ {2}a write of which no request with its answer is recorded: POST \/api\/products, PATCH/m,
  );
  expect(stdout).toMatch(/1 lines of the recording could not be read/);
  expect(stdout).toContain(
    `4 of 4 interactions hold on the monolith, which was asked ${ids.length + 4} of the requests again`,
  );

  const careless = await new AlteringProxy(shop.monolith).start();
  careless.alter = ({ text }) => ({ text: text.replaceAll(/"price":"([\d.]+)"/g, '"price":$1') });
  try {
    const { monolith, rewrite } = await verifyPacts({
      pactsDir: join(folder, 'from-log'),
      provider: 'catalog',
      sides: {
        monolith: { url: shop.monolith, states: { present: 'recorded there' } },
        rewrite: { url: careless.url, states: { present: 'the same data' } },
      },
    });
    expect(monolith.interactions.filter(({ ok }) => !ok)).toEqual([]);
    expect(
      rewrite.interactions
        .filter(({ verdict }) => verdict === 'broken')
        .map(({ mismatch }) => mismatch),
    ).toEqual([expect.stringMatching(/price/), expect.stringMatching(/price/)]);
  } finally {
    await careless.stop();
  }
});

test('a HAR file is enough by itself, and no value of it stands in the draft', async () => {
  const har = join(folder, 'shop.har');
  const text = await harOf(shop.monolith);
  await writeFile(har, text);
  const { code, stdout } = await record(har, 'from-har', shop.monolith, '--json');
  expect([code, (JSON.parse(stdout) as { asked: number }).asked]).toEqual([0, 0]);
  const draft = await draftOf('from-har');
  const names = [...text.matchAll(/\\"name\\":\\"([^"\\]{3,})\\"/g)].map(([, name]) => name ?? '');
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => draft.includes(name))).toEqual([]);
});

test('a draft of another monolith than the one that is asked does not hold: exit 5, with what differs', async () => {
  const other = await new AlteringProxy(shop.monolith).start();
  other.alter = ({ text }) => ({ text: text.replaceAll('"name":', '"title":') });
  try {
    const har = join(folder, 'other.har');
    await writeFile(har, await harOf(other.url));
    const { code, stderr } = await record(har, 'other', shop.monolith, '--route', 'product-detail');
    expect(code).toBe(5);
    expect(stderr).toMatch(/GET \/api\/products\/:id answers 200 .*DOES NOT HOLD\n[^]*title/);
    expect(stderr).toMatch(/PACTS_FAILED: 1 of 2 drafted interactions do not hold on the monolith/);
  } finally {
    await other.stop();
  }
});

interface Compared {
  readonly compared: readonly string[];
}

describe('a first OpenAPI document', () => {
  const drafted = async (file: string): Promise<Document> =>
    JSON.parse(await readFile(join(folder, file), 'utf8')) as Document;

  test('is valid, tells every answer that it was drawn from, and compares with what a service promises', async () => {
    const file = join(folder, 'drafts', 'catalog.json');
    const traffic = join(folder, 'for-openapi.log');
    await writeFile(
      traffic,
      targets.map((target) => `1 - - [x] "GET ${target} HTTP/1.1" 200 1`).join('\n'),
    );
    const openapi = (...more: string[]) =>
      cli(['contracts', 'openapi', 'catalog', ...more], {
        STRANGLER_CONTEXTS: contexts,
        MONOLITH_URL: shop.monolith,
      });
    const { code, stdout } = await openapi('--traffic', traffic, '--out', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GET \/api\/products\/:id 404: from 1 answers$/m);
    expect(stdout).toMatch(/^not covered by this traffic:$/m);
    expect(stdout).toMatch(/^ {2}no traffic: [^\n]*POST \/api\/products, PATCH/m);
    expect(stdout).toContain(`wrote ${file}: OpenAPI 3.1; the monolith was asked`);

    const document = await drafted('drafts/catalog.json');
    expect(openapiProblems(document)).toEqual([]);
    expect(openapiProblems({ ...document, paths: { x: {} } })).not.toEqual([]);
    const held = documentCheck(document);
    for (const target of targets.filter((each) => !each.includes('Anna'))) {
      const answer = await fetch(`${shop.monolith}${target}`);
      const type = answer.headers.get('content-type');
      held.check('GET', target, answer.status, type, await answer.json());
    }
    expect([...held.exercised].sort()).toEqual([...held.operations].sort());

    const compared = await openapi(
      '--monolith',
      file,
      '--service',
      `${shop.service}/openapi.json`,
      '--json',
    );
    const said = JSON.parse(compared.stdout) as Compared & { error?: { details: Compared } };
    expect([...(said.error?.details ?? said).compared].sort()).toEqual(
      held.operations.map((name) => name.replaceAll(/\{\w+\}/g, '{}')).sort(),
    );
  });

  const draft = (traffic: string, out: string, ...more: string[]) =>
    cli(
      ['contracts', 'openapi', 'catalog', '--traffic', join(folder, traffic)].concat(
        ['--out', join(folder, out)],
        more,
      ),
      { STRANGLER_CONTEXTS: contexts, MONOLITH_URL: shop.monolith, TOKEN: 'Bearer demo-token-1' },
    );

  test('writes stand in it as they were recorded: what was sent, what it was answered, who may', async () => {
    const secret = 'Hardly anybody calls it that';
    const entries: object[] = [];
    const write = async (
      { method, path, as = 'demo-token-1' }: { method: string; path: string; as?: string },
      body?: object,
    ): Promise<{ id?: string }> => {
      const text = body && JSON.stringify(body);
      const sent = { authorization: `Bearer ${as}`, 'content-type': 'application/json' };
      const url = `${shop.monolith}${path}`;
      const answer = await fetch(url, { method, headers: sent, ...(text && { body: text }) });
      const said = await answer.text();
      const list = (all: Iterable<[string, string]>) =>
        [...all].map(([name, value]) => ({ name, value }));
      entries.push({
        request: {
          ...{ method, url, headers: list(Object.entries(sent)) },
          ...(text && { postData: { mimeType: sent['content-type'], text } }),
        },
        response: {
          status: answer.status,
          headers: list(answer.headers),
          // As browsers save an answer without a body.
          content: said === '' ? {} : { text: said },
        },
      });
      return said === '' ? {} : (JSON.parse(said) as { id?: string });
    };
    const product = { sku: 'DRAFT-1', name: secret, price: '19.90' };
    const { id } = await write({ method: 'POST', path: '/api/products' }, product);
    await write(
      { method: 'POST', path: '/api/products' },
      { ...product, sku: 'DRAFT-2', tags: ['new'], weight: '1.5' },
    );
    await write({ method: 'POST', path: '/api/products' }, { sku: 17 });
    await write({ method: 'POST', path: '/api/products', as: 'nobody' }, product);
    const one = `/api/products/${id}`;
    await write({ method: 'PATCH', path: one }, { price: '20.00' });
    await write({ method: 'PUT', path: `${one}/categories/1` }, { position: 3 });
    await write({ method: 'DELETE', path: one });
    await writeFile(join(folder, 'writes.har'), JSON.stringify({ log: { entries } }));

    const args = [
      'writes.har',
      'drafts/writes.json',
      '--header',
      'authorization=env:TOKEN',
    ] as const;
    const { code, stdout } = await draft(...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^POST \/api\/products request body: from 2 requests$/m);
    expect(stdout).toMatch(/^ {2}no traffic: [^\n]*POST \/api\/categories/m);
    expect(stdout).not.toMatch(/the monolith was asked|a write of which/);
    const text = await readFile(join(folder, 'drafts/writes.json'), 'utf8');
    expect([secret, 'DRAFT-1', 'demo-token-1'].filter((value) => text.includes(value))).toEqual([]);
    const document = await drafted('drafts/writes.json');
    expect(openapiProblems(document)).toEqual([]);
    const operations = document.paths['/api/products'];
    expect(operations?.post).toMatchObject({
      operationId: 'product-create',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              properties: {
                sku: { type: 'string' },
                price: { type: 'string' },
                tags: { type: 'array' },
              },
              required: ['sku', 'name', 'price'],
            },
          },
        },
      },
      security: [{ authorization: [] }],
    });
    expect(Object.keys(operations?.post?.responses ?? {})).toEqual(['201', '401', '422']);
    const deleted = document.paths['/api/products/{id}']?.delete;
    expect(deleted?.responses).toEqual({ 204: { description: 'No Content' } });
    expect(deleted).not.toHaveProperty('requestBody');
    expect(document.paths['/api/products/{id}/categories/{categoryId}']?.put).toMatchObject({
      parameters: [
        { name: 'id', in: 'path', schema: { type: 'integer' } },
        { name: 'categoryId', in: 'path', schema: { type: 'integer' } },
      ],
    });
    // What it says is true of the monolith.
    const held = documentCheck(document);
    const refused = await fetch(`${shop.monolith}/api/products`, { method: 'POST' });
    held.check('POST', '/api/products', refused.status, 'application/json', await refused.json());
  });

  test('writes become a draft with matchers for what is sent, which is sent only where somebody says so', async () => {
    const counting = await new AlteringProxy(shop.monolith).start();
    const asked: string[] = [];
    counting.alter = (_answer, { method, url }) => {
      asked.push(`${method} ${url}`);
      return {};
    };
    const drafting = (...more: string[]) =>
      cli(
        ['contracts', 'record', 'catalog', '--traffic', join(folder, 'writes.har')].concat(
          ['--out', join(folder, 'writes'), '--header', 'authorization=env:TOKEN'],
          more,
        ),
        { STRANGLER_CONTEXTS: contexts, MONOLITH_URL: counting.url, TOKEN: 'Bearer demo-token-1' },
      );
    try {
      const { code, stdout } = await drafting();
      expect([code, asked]).toEqual([0, []]);
      expect(stdout).toMatch(
        /^POST \/api\/products of application\/json answers 201 with application\/json to a user: from 2 answers, not verified: a write, which --writes sends$/m,
      );
      expect(stdout).toMatch(/^ {2}sent \$\.tags: absent in 1 of 2$/m);
      expect(stdout).toMatch(/answers 401 [^\n]*not verified/);
      expect(stdout).toMatch(/ {2}422 of a write is not drafted: [^\n]*: POST \/api\/products/);
      const text = await draftOf('writes');
      expect(text).not.toMatch(/Hardly anybody|DRAFT-|demo-token|19\.90/);
      const { interactions } = JSON.parse(text) as {
        interactions: { description: string; request: object; providerStates?: object }[];
      };
      expect(
        interactions.find(({ description }) => description.startsWith('POST /api/products of')),
      ).toMatchObject({
        providerStates: [{ name: 'signed in as a user' }],
        request: {
          headers: { 'Content-Type': ['application/json'] },
          body: { content: { sku: 'text', name: 'text', price: '1.00' } },
          matchingRules: {
            header: { Authorization: expect.anything() },
            body: {
              '$.sku': { combine: 'AND', matchers: [{ match: 'type' }] },
              '$.price': { matchers: [{ match: 'type' }, { match: 'regex' }] },
            },
          },
        },
      });
      // The product that was changed is gone since: what is sent is sent, and told as it is.
      const sent = await drafting('--writes', '--yes');
      expect(sent.code).toBe(5);
      expect(asked).toContain('POST /api/products');
      expect(sent.stderr).toMatch(
        /^POST \/api\/products of [^\n]* answers 201 [^\n]*: from 2 answers, holds$/m,
      );
      expect(sent.stderr).toMatch(
        /^PATCH [^\n]* answers 200 [^\n]*: from 1 answers, DOES NOT HOLD$/m,
      );
    } finally {
      await counting.stop();
    }
  });

  test('of writes in a log their statuses are known, and it says what is not', async () => {
    const lines = [
      { method: 'DELETE', path: '/api/products/1', status: 204 },
      { method: 'PATCH', path: '/api/products/1', status: 200 },
      { method: 'POST', path: '/api/categories', status: 401 },
    ];
    await writeFile(
      join(folder, 'writes.jsonl'),
      lines.map((each) => JSON.stringify(each)).join('\n'),
    );
    const { code, stdout } = await draft('writes.jsonl', 'drafts/log.json');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /what was sent is not recorded; 1 answers are known by their status only: PATCH \/api\/products\/:id/,
    );
    expect(stdout).toMatch(/never done, only refused; [^\n]*: POST \/api\/categories/);
    const document = await drafted('drafts/log.json');
    expect(openapiProblems(document)).toEqual([]);
    expect(document.paths['/api/products/{id}']?.patch?.responses).toEqual({
      200: { description: 'OK' },
    });
  });

  test('refuses options that it would pass over', async () => {
    const mixed = async (...args: string[]) =>
      (await cli(['contracts', 'openapi', 'catalog', ...args], { STRANGLER_CONTEXTS: contexts }))
        .stderr;
    expect(await mixed('--traffic', 'x.log', '--pacts')).toMatch(
      /USAGE: --pacts compares documents/,
    );
    expect(await mixed('--header', 'a=env:B')).toMatch(/USAGE: --header is for a draft/);
  });
});

describe('behind a login', () => {
  const secret = 'demo-token-1';
  const recordAccount = (out: string, header: string, ...more: string[]) =>
    cli(
      ['contracts', 'record', 'account', '--traffic', join(folder, 'account.jsonl')].concat(
        ['--out', join(folder, out), '--header', header],
        more,
      ),
      {
        STRANGLER_CONTEXTS: join(folder, 'contexts'),
        MONOLITH_URL: shop.monolith,
        TOKEN: `Bearer ${secret}`,
      },
    );
  beforeAll(async () => {
    await mkdir(join(folder, 'contexts'));
    await writeFile(
      join(folder, 'contexts', 'account.json'),
      JSON.stringify({
        context: 'account',
        data: 'none',
        monolith: { url: { env: 'MONOLITH_URL' } },
        service: { url: 'http://127.0.0.1:1' },
        routes: ['me', 'cart', 'categories'].map((name) => ({
          name,
          method: 'GET',
          path: `/api/${name}`,
          kind: 'read',
        })),
      }),
    );
    await writeFile(
      join(folder, 'account.jsonl'),
      ['/api/me', '/api/cart', '/api/categories']
        .map((path) => JSON.stringify({ method: 'GET', path }))
        .join('\n'),
    );
  });

  test('what a stranger gets and what somebody signed in gets are both drafted, and the credential stands nowhere', async () => {
    await writeFile(join(folder, 'token'), `Bearer ${secret}\n`);
    const { code, stdout, stderr } = await recordAccount(
      'signed',
      `authorization=file:${join(folder, 'token')}`,
      '--as',
      'a clerk',
    );
    const draft = await readFile(join(folder, 'signed', 'recorded-traffic-account.json'), 'utf8');
    expect([code, [stdout, stderr, draft].filter((text) => text.includes(secret))]).toEqual([
      0,
      [],
    ]);
    const { interactions } = JSON.parse(draft) as {
      interactions: { description: string; providerStates?: object[]; request: object }[];
    };
    expect(interactions.map(({ description }) => description)).toEqual([
      'GET /api/me answers 401 with application/json',
      'GET /api/me answers 200 with application/json to a clerk',
      'GET /api/cart answers 401 with application/json',
      'GET /api/cart answers 200 with application/json to a clerk',
      'GET /api/categories answers 200 with application/json',
    ]);
    expect(interactions[1]).toMatchObject({
      providerStates: [{ name: 'signed in as a clerk', params: {} }],
      request: {
        headers: { Authorization: ['Bearer made-up'] },
        generators: {
          header: { Authorization: { type: 'ProviderState', expression: '${authorization}' } },
        },
      },
    });
    expect(interactions[4]?.request).not.toHaveProperty('headers');
    const asked = (values: Record<string, string>) => ({
      url: shop.monolith,
      states: { present: 'the seeded shop', values },
    });
    const { right, wrong } = await verifyPacts({
      pactsDir: join(folder, 'signed'),
      provider: 'account',
      sides: {
        right: asked({ authorization: `Bearer ${secret}` }),
        wrong: asked({ authorization: 'x' }),
      },
    });
    expect(right.ok).toBe(true);
    expect(wrong.interactions.map(({ verdict }) => verdict)).toEqual([
      'kept',
      'broken',
      'kept',
      'broken',
      'kept',
    ]);
  });

  test('a document says what asks for a login, and how', async () => {
    const file = join(folder, 'account-openapi.json');
    const { code } = await cli(
      ['contracts', 'openapi', 'account', '--traffic', join(folder, 'account.jsonl')].concat([
        '--out',
        file,
        '--header',
        'authorization=env:TOKEN',
      ]),
      {
        STRANGLER_CONTEXTS: join(folder, 'contexts'),
        MONOLITH_URL: shop.monolith,
        TOKEN: `Bearer ${secret}`,
      },
    );
    const text = await readFile(file, 'utf8');
    expect([code, text.includes(secret)]).toEqual([0, false]);
    const document = JSON.parse(text) as Document;
    expect(openapiProblems(document)).toEqual([]);
    expect(document).toMatchObject({
      paths: {
        '/api/me': { get: { responses: { 200: {}, 401: {} }, security: [{ authorization: [] }] } },
        '/api/categories': { get: { responses: { 200: {} } } },
      },
      components: { securitySchemes: { authorization: { type: 'http', scheme: 'bearer' } } },
    });
    expect(document.paths['/api/categories']?.get).not.toHaveProperty('security');
  });

  test('a credential that opens nothing changes nothing', async () => {
    const { code, stdout } = await recordAccount('cookie', 'cookie=env:TOKEN');
    expect(code).toBe(0);
    expect(stdout).not.toContain('signed in');
    expect(stdout).toContain('3 of 3 interactions hold');
  });

  test('a value on the command line is refused without repeating it, and a dry run tells names only', async () => {
    const inline = await recordAccount('no', `authorization=Bearer ${secret}`);
    expect([inline.code, inline.stderr.includes(secret)]).toEqual([2, false]);
    expect(inline.stderr).toMatch(/USAGE: --header says no place where its value is/);
    const dry = await recordAccount('no', 'authorization=env:TOKEN', '--dry-run');
    expect([dry.code, dry.stdout.includes(secret)]).toEqual([0, false]);
    expect(dry.stdout).toMatch(/ask what a stranger does not get once more: with authorization$/m);
    const missing = await recordAccount('no', 'authorization=env:NO_SUCH');
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringContaining('NO_SUCH is not set'),
    ]);
  });
});
