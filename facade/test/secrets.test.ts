import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { pino } from 'pino';
import { ask, askRaw } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { startFacade } from './support/facade.ts';
import { lastKnownFlags } from './support/last-known-flags.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const planted = {
  token: 'tok_9f8e7d6c5b4a39281706fedc',
  session: '1c9f4e0a-77aa-4d2e-8f3a-5b2c3d4e5f60',
  address: 'ann.private@mail.example',
  card: '4111111111111111',
  spacedCard: '5500 0055 5555 5559',
  phone: '491701234567',
  password: 'correct horse battery',
};

let control: TestControl;
let monolith: Upstream;
let service: Upstream;
let stateDir: string | undefined;
beforeAll(async () => {
  const answer =
    (more: string) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      request.resume();
      response
        .writeHead(200, {
          'content-type': 'application/json',
          location: `/reset/${planted.token}${more}`,
          'set-cookie': `sid=${planted.session}${more}; Path=/users/${planted.address}`,
        })
        .end(
          JSON.stringify({
            name: `chair${more}`,
            note: `${planted.address} pays with ${planted.spacedCard}${more}`,
            card: Number(planted.card) + more.length,
            phone: `${planted.phone}${more}`,
            password: `${planted.password}${more}`,
            link: `/reset/${planted.token}${more}`,
            [planted.address]: more,
          }),
        );
    };
  control = await startControl();
  await control.setContext({ stage: 'shadowing', owner: 'monolith', epoch: 1 });
  monolith = await startUpstream('monolith', answer(''));
  service = await startUpstream('service', answer('x'));
});
afterAll(async () => {
  await control?.close();
  await monolith?.close();
  await service?.close();
  if (stateDir) await rm(stateDir, { recursive: true, force: true });
});

/** Every row of every table of the control schema, as text. */
async function stored(): Promise<string> {
  const tables = await control.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'strangler_control'`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) =>
      control.query(`SELECT told::text AS row FROM strangler_control."${String(name)}" AS told`),
    ),
  );
  return rows
    .flat()
    .map(({ row }) => String(row))
    .join('\n');
}

test('no planted secret is in the log, the control database, the metrics, the operators’ answers or on disk', async () => {
  let log = '';
  const take = new Writable({
    write(line, _encoding, done) {
      log += String(line);
      done();
    },
  });
  const flags = await lastKnownFlags({ 'items.one': 0, 'items.one.shadow': 100 });
  ({ stateDir } = flags);
  const facade = await startFacade({
    ...flags,
    log: pino({ level: 'trace' }, take),
    monolithUrl: monolith.url,
    controlUrl: control.url,
    contexts: [
      itemsContext('replicated', monolith.url, service.url, {
        identity: ['header:authorization', 'cookie:sid'],
        routes: [
          {
            name: 'one',
            method: 'GET',
            path: '/api/items/:id',
            kind: 'read',
            // the worst case: a route that opts in to everything
            compare: { show: ['', 'header:location'], headers: ['set-cookie'] },
          },
          { name: 'below', method: 'GET', path: '/api/users/:name/**', kind: 'read' },
          { name: 'add', method: 'POST', path: '/api/items', kind: 'write' },
        ],
      }),
    ],
    limits: { flushMs: 50, shadowTimeoutMs: 60_000, shadowCatchUpMs: 60_000 },
  });
  const { token, session, address, card, password } = planted;
  const headers = { authorization: `Bearer ${token}`, cookie: `sid=${session}`, 'x-key': token };
  const encoded = encodeURIComponent(password);
  const keepPassing = setInterval(() => void control.caughtUp().catch(() => {}), 20);
  try {
    await ask(facade.port, `/api/items/${address}?q=${token}&${address}=1&p=${encoded}`, {
      headers,
    });
    await ask(facade.port, `/api/users/${encoded}/cards/${card}`, { headers });
    await ask(facade.port, '/api/items', {
      method: 'POST',
      headers,
      body: JSON.stringify(planted),
    });
    await ask(facade.port, `/unclaimed/${token}/of/${address};sid=${session}?p=${encoded}`, {
      headers,
    });
    // two servers could differ in whose it is: refused, and logged
    await ask(facade.port, `/x/..%2Fapi/items/${token}`, { headers });
    await askRaw(facade.port, `CONNECT ${address}:443 HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until('a sample of what differed is committed', async () => {
      const rows = await control.query('SELECT detail FROM strangler_control.shadow_samples');
      return rows.some(({ detail }) => JSON.stringify(detail).includes('/name'));
    });
  } finally {
    clearInterval(keepPassing);
  }
  const told = await Promise.all(
    ['/metrics', '/health/ready', '/routes'].map(
      async (path) => (await ask(facade.adminPort, path)).body,
    ),
  );
  await facade.stop({ keepState: true });
  const files = await readdir(facade.stateDir);
  const places: Record<string, string> = {
    log,
    control: await stored(),
    told: told.join('\n'),
    disk: (
      await Promise.all(files.map((file) => readFile(join(facade.stateDir, file), 'utf8')))
    ).join('\n'),
  };
  const found = Object.entries(places).flatMap(([place, text]) =>
    Object.entries({ ...planted, encoded, base64: Buffer.from(token).toString('base64') })
      .filter(([, secret]) => text.includes(secret))
      .map(([name]) => `${name} in ${place}`),
  );
  expect(found).toEqual([]);
  // what is looked through is what a person would look at
  for (const path of ['/api/items/:id', '/api/users/:name/cards/:id', '/unclaimed/:id/of/:id;…'])
    expect(log).toContain(`"path":"${path}"`);
  expect(log).toMatch(/"path":"\/x\/[^"]*","status":400,"code":"PATH_REFUSED"/);
  expect(log).toContain('"reason":"CONNECT :id"');
  for (const text of ['chairx', '(e-mail) pays with (digits)x', '/reset/(token)', '(redacted)'])
    expect(places['control']).toContain(text);
  expect(places['told']).toContain('facade_shadow_total{');
  expect(places['disk']).toContain('"items"');
});
