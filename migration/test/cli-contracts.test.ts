import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '@strangler-toolkit/dev-stack';
import { cli, type CliResult, json } from './support/cli.ts';

// As in a pipeline of CI: two addresses, a folder of pacts, and no control database anywhere.
let folder: string;
let right: Server;
let wrong: Server;
let addresses: { right: string; wrong: string; silent: string };

const listening = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-contracts-'));
  right = createServer((_, response) => void response.end('ok'));
  wrong = createServer((_, response) => void response.writeHead(500).end());
  addresses = {
    right: await listening(right),
    wrong: await listening(wrong),
    silent: `http://127.0.0.1:${await freePort()}`,
  };
  await writeFile(
    join(folder, 'shop.json'),
    JSON.stringify({
      context: 'shop',
      data: 'none',
      monolith: { url: addresses.right },
      service: { url: { env: 'SERVICE' } },
      routes: [{ name: 'quote', method: 'GET', path: '/quote', kind: 'read' }],
      contracts: {
        pacts: { env: 'unused' },
        provider: 'shop',
        providers: { facade: { url: { env: 'FACADE', default: addresses.right } } },
      },
    }).replace('{"env":"unused"}', JSON.stringify(join(folder, 'pacts'))),
  );
  await mkdir(join(folder, 'pacts'));
});
afterAll(async () => {
  for (const server of [right, wrong])
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  await rm(folder, { recursive: true, force: true });
});

const pact = (more: Record<string, unknown> = {}): Promise<void> =>
  writeFile(
    join(folder, 'pacts', 'web-shop.json'),
    JSON.stringify({
      consumer: { name: 'web' },
      provider: { name: 'shop' },
      metadata: { pactSpecification: { version: '4.0' } },
      interactions: [
        {
          type: 'Synchronous/HTTP',
          description: 'a quote',
          request: { method: 'GET', path: '/quote' },
          response: { status: 200 },
          ...more,
        },
      ],
    }),
  );
const verify = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<CliResult> =>
  cli(['contracts', 'verify', 'shop', ...args], {
    STRANGLER_CONTEXTS: folder,
    GITHUB_ACTIONS: undefined,
    GITHUB_STEP_SUMMARY: undefined,
    SERVICE: addresses.right,
    ...env,
  });

describe('the documents of both sides', () => {
  const documentOf = (price: object): string =>
    JSON.stringify({
      openapi: '3.1.0',
      paths: {
        '/quote': {
          get: {
            responses: {
              200: {
                content: {
                  'application/json': {
                    schema: { type: 'object', properties: { price }, required: ['price'] },
                  },
                },
              },
            },
          },
        },
        // No route of the context: whatever it says is not looked at.
        '/elsewhere': { get: { responses: { 200: {} } } },
      },
    });
  const compared = async (price: object, ...more: string[]): Promise<CliResult> => {
    const files = ['monolith', 'service'].map((side) => join(folder, `${side}-openapi`));
    const [monolith, service] = files as [string, string];
    await writeFile(monolith, documentOf({ type: 'string' }));
    await writeFile(service, documentOf(price).replace('/elsewhere', '/nowhere'));
    return cli(
      ['contracts', 'openapi', 'shop', '--monolith', monolith, '--service', service, ...more],
      { STRANGLER_CONTEXTS: folder, SERVICE: addresses.right },
    );
  };

  test('agree: exit 0', async () => {
    const { code, stdout } = await compared({ type: 'string' });
    expect([code, stdout]).toEqual([0, 'shop: the documents agree on 1 routes\n']);
  });

  test('break: exit 3, by kind, and for machines', async () => {
    const { code, stderr } = await compared({ type: 'number' });
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^answer-type-changed \(1\)\n {2}GET \/quote {2}200 \$\.price: string → number\n/m,
    );
    expect(stderr).toMatch(/OPENAPI_BREAKS: the service's document of shop breaks 1 promises/);
    const result = await compared({ type: 'number' }, '--json');
    expect(json<{ error: { details: unknown } }>(result).error.details).toMatchObject({
      compared: ['GET /quote'],
      breaking: [{ kind: 'answer-type-changed', route: 'GET /quote' }],
    });
  });

  test('say what the pacts rely on, or else: exit 5, by interaction and side', async () => {
    const answer = (content: object) => ({
      response: { status: 200, body: { content, contentType: 'application/json', encoded: false } },
    });
    await pact(answer({ price: '19.90' }));
    const kept = await compared({ type: 'string' }, '--pacts');
    expect([kept.code, kept.stdout]).toEqual([
      0,
      'monolith: 1 of 1 interactions are in its document\n' +
        'service: 1 of 1 interactions are in its document\n' +
        'shop: the documents agree on 1 routes\n',
    ]);
    await pact(answer({ price: '19.90', amount: 1 }));
    const { code, stderr } = await compared({ type: 'string' }, '--pacts');
    expect(code).toBe(5);
    for (const side of ['monolith', 'service'])
      expect(stderr).toContain(
        `web: a quote: not in the document of the ${side}\n  answer 200: $.amount is not described\n`,
      );
    expect(stderr).toMatch(/^PACTS_FAILED: the pacts of shop rely on what the document of/m);
  });

  test('a side that has none: exit 2, with what to name', async () => {
    const { code, stderr } = await cli(['contracts', 'openapi', 'shop'], {
      STRANGLER_CONTEXTS: folder,
      SERVICE: addresses.wrong,
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/CONFIG_NOT_FOUND: The OpenAPI document .*openapi\.json cannot be used/);
  });
});

describe('in a pipeline without a control database', () => {
  test('kept on every provider: exit 0, and it is said that nothing was recorded', async () => {
    await pact();
    const { code, stdout } = await verify([]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^interaction +monolith +service +facade\na quote +kept +kept +kept\n/);
    expect(stdout).toMatch(
      /hold on monolith and service and facade \(1 interactions each\); not recorded as evidence/,
    );
  });

  test('broken: exit 5, with the matrix, JUnit, Markdown, GitLab and GitHub telling which side', async () => {
    await pact();
    const [xml, md, quality, summary] = [
      'r/pacts.xml',
      'r/pacts.md',
      'r/quality.json',
      'r/summary',
    ].map((name) => join(folder, name)) as [string, string, string, string];
    const { code, stdout, stderr } = await verify(
      ['--json', '--junit', xml, '--markdown', md, '--gitlab', quality],
      { SERVICE: addresses.wrong, GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary },
    );
    expect(code).toBe(5);
    const { error } = JSON.parse(stdout) as {
      error: { code: string; details: { sides: Record<string, { ok: boolean }> } };
    };
    expect(error.code).toBe('PACTS_FAILED');
    expect(error.details.sides).toMatchObject({
      monolith: { ok: true },
      service: { ok: false },
      facade: { ok: true },
    });
    expect(await readFile(xml, 'utf8')).toMatch(
      /<testsuite name="shop on service" tests="1" failures="1" errors="0"/,
    );
    for (const file of [md, summary])
      expect(await readFile(file, 'utf8')).toMatch(
        /not kept on service\n[^]*\| web: a quote \| kept \| BROKEN \| kept \|/,
      );
    expect(JSON.parse(await readFile(quality, 'utf8'))).toMatchObject([
      { check_name: 'pact-broken' },
    ]);
    expect(stderr).toMatch(/^::error title=service breaks a pact of web::a quote: /m);
  });

  test('without --json the matrix stands above the error', async () => {
    await pact();
    const { code, stderr } = await verify([], { SERVICE: addresses.wrong });
    expect(code).toBe(5);
    expect(stderr).toMatch(/a quote +kept +BROKEN +kept\n[^]*PACTS_FAILED: the pacts of shop fail/);
  });

  test('a provider that does not answer: exit 6, with its address', async () => {
    await pact();
    const { code, stderr } = await verify([], { SERVICE: addresses.silent });
    expect(code).toBe(6);
    expect(stderr).toMatch(
      `PACTS_UNREACHABLE: the pacts of shop could not be asked of service: no answer at ${addresses.silent}`,
    );
  });

  test('broken weighs more than unreachable', async () => {
    await pact();
    const { code } = await verify([], { SERVICE: addresses.silent, FACADE: addresses.wrong });
    expect(code).toBe(5);
  });

  test('a pending interaction and a state nobody could enter: exit 7', async () => {
    await pact({ pending: true });
    const pending = await verify([]);
    expect(pending.code).toBe(7);
    expect(pending.stderr).toMatch(/PACTS_NOT_VERIFIED: .*a quote: not verified: marked pending/);
    await pact({ providerStates: [{ name: 'rates are known' }] });
    const state = await verify([]);
    expect(state.code).toBe(7);
    expect(state.stderr).toMatch(/PACTS_NOT_VERIFIED: .*provider state "rates are known"/);
  });

  test('nothing to verify: exit 7', async () => {
    await rm(join(folder, 'pacts', 'web-shop.json'), { force: true });
    const { code, stderr } = await verify([]);
    expect(code).toBe(7);
    expect(stderr).toMatch(/^PACTS_NOT_FOUND: No pact with provider shop/m);
  });

  test('one side in its own pipeline asks nobody else', async () => {
    await pact();
    const { code, stdout } = await verify(['--side', 'monolith', '--json'], {
      SERVICE: addresses.wrong,
    });
    expect(code).toBe(0);
    expect(Object.keys((JSON.parse(stdout) as { sides: object }).sides)).toEqual(['monolith']);
    expect((await verify(['--side', 'service'], { SERVICE: addresses.wrong })).code).toBe(5);
  });

  test('a side that is not there: exit 2, with the names', async () => {
    const result = await verify(['--side', 'canary', '--json']);
    expect(result.code).toBe(2);
    expect(json<{ error: { message: string } }>(result).error.message).toBe(
      'context shop has no provider "canary": it has monolith, service, facade',
    );
  });

  test('--no-record never opens the control database that is named', async () => {
    await pact();
    const env = { STRANGLER_CONTROL_URL: 'postgresql://127.0.0.1:1/none' };
    expect((await verify(['--no-record'], env)).code).toBe(0);
    expect((await verify([], env)).code).toBe(1);
  });
});
