import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LATENCY_BOUNDS, planMark, registerInstanceStatement } from '@strangler-toolkit/plan';
import { loadContexts, requireContext } from '@strangler-toolkit/plan/load';
import { freePort } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { type Control, openControl } from '../src/control/index.ts';
import { installFence, removeFence } from '../src/cutover/fence.ts';
import type { ContextStatus } from '../src/steps/status.ts';
import { cli, json } from './support/cli.ts';
import { openScene, type Scene, shop } from './support/scene.ts';

let scene: Scene;
let control: Control;
beforeAll(async () => {
  scene = await openScene('status');
  control = await openControl(scene.control.url);
});
afterAll(async () => {
  await control?.close();
  await scene?.close();
});

const status = async (env: Record<string, string> = {}): Promise<string> =>
  (await cli(['status', 'catalog'], { ...scene.env, ...env })).stdout;

/** Two facades that are alive and have been told of nothing. */
async function startFacades(): Promise<void> {
  const client = new pg.Client(scene.control.url);
  await client.connect();
  for (const name of ['f-1', 'f-2'])
    await client.query(registerInstanceStatement(randomUUID(), name, { flags: 'control' }));
  // on a busy machine two commands take longer than a facade may be silent
  await client.query(
    `UPDATE strangler_control.instances SET heartbeat_at = clock_timestamp() + interval '1 hour'`,
  );
  await client.end();
}

test('of a system at its beginning no facade is behind, and every flag is off', async () => {
  await startFacades();
  const text = await status();
  expect(
    json<ContextStatus>(await cli(['status', 'catalog', '--json'], scene.env)).facades,
  ).toEqual({ alive: 2, gone: 0, behind: 0, otherPlan: [] });
  expect(text).toMatch(/facades +2 alive\n/);
  expect(text).toMatch(/flags +list 0 %/);
});

test('facades that serve by another context file than this one are named', async () => {
  const client = new pg.Client(scene.control.url);
  await client.connect();
  const { definition } = requireContext(await loadContexts(scene.dir), 'catalog');
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const catalog = planMark(definition, sha256);
  for (const [name, plans] of Object.entries({
    'same-1': { catalog },
    'other-1': { catalog: planMark({ ...definition, identity: ['cookie:sid'] }, sha256) },
    'without-1': {},
  }))
    await client.query(registerInstanceStatement(randomUUID(), name, { plans, flags: 'control' }));
  await client.query(
    `UPDATE strangler_control.instances SET heartbeat_at = clock_timestamp() + interval '1 hour'`,
  );
  await client.end();
  expect(await status()).toMatch(/OTHER CONTEXT FILE than here: other-1, without-1 /);
});

test('an Unleash that is down is named with its code', async () => {
  const url = `http://127.0.0.1:${await freePort()}/api`;
  const text = await status({ UNLEASH_URL: url, UNLEASH_ADMIN_TOKEN: 'x' });
  expect(text).toMatch(/flags +not known: UNLEASH_UNREACHABLE: /);
});

test('after a change of owner the verification of the epoch before is told and does not count', async () => {
  await control.contexts.register('catalog', 'replicated');
  for (const stage of ['replicating', 'shadowing', 'canary'] as const)
    await control.contexts.setStage({
      context: 'catalog',
      expectedStage: (await control.contexts.require('catalog')).stage,
      stage,
    });
  const detail = { differences: 0, rowsCompared: 50 };
  await control.evidence.record({
    context: 'catalog',
    kind: 'verification',
    epoch: 1,
    ok: true,
    detail,
  });
  const worker = { context: 'catalog', workerId: randomUUID(), state: 'streaming' } as const;
  await control.watermarks.upsert({
    ...worker,
    direction: 'reverse',
    epoch: 1,
    appliedLsn: '0/5',
    appliedAt: await control.now(),
  });
  for (const [owner, stage] of [
    ['service', 'service'],
    ['monolith', 'canary'],
    ['service', 'service'],
  ] as const)
    await control.flip({
      context: 'catalog',
      expectedEpoch: (await control.contexts.require('catalog')).epoch,
      owner,
      stage,
      startLsn: '0/1',
    });
  const text = await status();
  expect(text).toMatch(
    /verification +none since epoch 4 \(the last: \d+ s ago, epoch 1, 0 differ\)/,
  );
  expect(text).toMatch(/lag +not known since epoch 4/);
  await control.flip({
    context: 'catalog',
    expectedEpoch: 4,
    owner: 'monolith',
    stage: 'canary',
    startLsn: '0/1',
  });
  expect(await status()).toMatch(
    /verification: none since epoch 5 \(the last: \d+ s ago, epoch 1, 0 differ\) \(needs/,
  );
});

test('a worker that tries again says with which code and when, to gates and doctor as well, and is not restarted meanwhile', async () => {
  const { epoch } = await control.contexts.require('catalog');
  const told = { context: 'catalog', direction: 'forward', epoch, workerId: randomUUID() } as const;
  const failure = { code: 'DB_UNREACHABLE', message: 'gone' };
  const doctor = async () => {
    const { checks } = json<{ checks: { check: string; ok: boolean; actual: string }[] }>(
      await cli(['doctor', 'catalog', '--json'], scene.env),
    );
    return checks.filter(({ check }) => check === 'worker').map(({ ok, actual }) => [ok, actual]);
  };
  await control.watermarks.upsert({
    ...told,
    state: 'failed',
    detail: { ...failure, retrying: true, retryInMs: 3_600_000 },
  });
  const text = await status();
  expect(text).toMatch(/worker +FAILED \d+ s ago, tries again in \d{4} s: DB_UNREACHABLE: gone/);
  expect(text).toMatch(/lag: the worker failed with DB_UNREACHABLE and tries again in \d{4} s/);
  expect(text).not.toContain('no worker is alive');
  const tries = /^failed, tries again in \d{4} s, .*: DB_UNREACHABLE: gone$/;
  expect(await doctor()).toEqual([[false, expect.stringMatching(tries)]]);
  const again = await cli(['replicate', 'catalog', '--restart', '--yes', '--json'], scene.env);
  expect([again.code, json(again)]).toMatchObject([
    1,
    { error: { code: 'WORKER_ALREADY_RUNNING' } },
  ]);
  // it died while it waited
  await scene.sql(
    scene.control,
    `UPDATE strangler_control.watermarks SET heartbeat_at = heartbeat_at - interval '2 hours'`,
  );
  const dead = await status();
  expect(dead).toMatch(/FAILED 2 h ago, meant to try again, not heard of since: DB_UNREACHABLE/);
  expect(dead).toMatch(/lag: no worker is alive/);
  // alive, with a stream that was opened again and has not got past it
  await control.watermarks.upsert({ ...told, state: 'streaming', detail: { failing: failure } });
  const failing = /^streaming, tries again, .*: DB_UNREACHABLE: gone$/;
  expect(await doctor()).toEqual([[false, expect.stringMatching(failing)]]);
});

test('a worker that failed shows its code', async () => {
  await control.watermarks.upsert({
    context: 'catalog',
    direction: 'forward',
    epoch: 5,
    state: 'failed',
    workerId: randomUUID(),
    detail: { code: 'SLOT_LOST', message: 'the slot is gone', retrying: false },
  });
  expect(await status()).toMatch(/worker +FAILED \d+ s ago: SLOT_LOST: the slot is gone/);
});

test('a fence that somebody opened is told, with what to type, until everything was compared', async () => {
  const next = async (): Promise<string | null> =>
    json<ContextStatus>(await cli(['status', 'catalog', '--json'], scene.env)).nextCommand;
  const fence = {
    context: 'catalog',
    tables: [{ schema: 'public', table: 'items' }],
    owner: 'monolith',
    mode: 'refuse',
  } as const;
  const service = new pg.Client(scene.service.url);
  await service.connect();
  try {
    await installFence(service, fence);
    expect(await status()).not.toMatch(/^ {2}fence /m);
    await service.query('ALTER TABLE items DISABLE TRIGGER strangler_fence');
    expect(await status()).toMatch(
      /^ {2}fence +OPENED 1 times on the service since .+, the last time: the fence of public.items was switched off$/m,
    );
    expect(await next()).toBe('strangler fence rearm catalog');
    await installFence(service, fence);
    expect(await next()).toBe('strangler verify catalog');
    await control.evidence.record({
      context: 'catalog',
      kind: 'verification',
      epoch: 5,
      ok: true,
      detail: { differences: 0, rowsCompared: 1, identity: { fence: { opened: 1, noticed: [] } } },
    });
    expect(await status()).toMatch(
      /^ {2}fence +opened 1 times on the service since .+, verified since$/m,
    );
    await removeFence(service, 'catalog', { drop: true });
  } finally {
    await service.end();
  }
});

// f-1 and f-2 tell no file, as facades of an earlier release.
test('a facade that serves by another context file bars the way forward, not the way back', async () => {
  const gatesOf = async (move: string) => {
    const result = await cli(['can-i', move, 'catalog', '--json'], scene.env);
    return json<{ gates: { gate: string; ok: boolean; actual: string }[] }>(result).gates;
  };
  const refusal = { gate: 'context-files', ok: false, actual: 'another one at other-1, without-1' };
  expect(await gatesOf('cutover')).toContainEqual(expect.objectContaining(refusal));
  expect(await gatesOf('ramp')).toContainEqual(expect.objectContaining(refusal));
  expect((await gatesOf('rollback')).map(({ gate }) => gate)).not.toContain('context-files');
  const back = await cli(['rollback', 'catalog', '--dry-run'], scene.env);
  expect([back.code, back.stdout]).toEqual([0, back.stdout]);
});

test('a service that is dead after the cutover, or unwell by its health address, is told by status and doctor, with the way out', async () => {
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.contexts (context, data_kind, stage, owner, epoch)
     VALUES ('catalog', 'replicated', 'service', 'service', 6)
     ON CONFLICT (context) DO UPDATE SET stage = 'service', owner = 'service', epoch = 6;
     INSERT INTO strangler_control.route_stats (context, route, side, second, requests, errors, refused, latency_buckets)
     SELECT 'catalog', 'list', 'service', clock_timestamp(), 40, 30, 0, array_fill(0::bigint, ARRAY[${LATENCY_BOUNDS.length}])`,
  );
  const look = async (url: string) => {
    const env = { ...scene.env, CATALOG_URL: url };
    const [text, told, found] = await Promise.all([
      cli(['status', 'catalog'], env),
      cli(['status', 'catalog', '--json'], env),
      cli(['doctor', 'catalog', '--json'], env),
    ]);
    const { checks } = json<{ checks: { check: string; ok: boolean }[] }>(found);
    const http = checks.filter(({ check }) => check.endsWith(' HTTP'));
    return { text: text.stdout, status: json<ContextStatus>(told), doctor: found.code, http };
  };
  const wayOut = {
    nextCommand: 'strangler rollback catalog',
    because: expect.stringMatching(/^the service is not there, .* no acknowledged one is lost$/),
  };
  const dead = await look(`http://127.0.0.1:${await freePort()}`);
  expect(dead.text).toMatch(
    /service +DOWN: does not answer \(ECONNREFUSED\); last 5 min: 40 requests, 75 % errors/,
  );
  expect(dead.text).toMatch(/monolith +up \(/);
  expect(dead.status).toMatchObject(wayOut);
  expect([dead.doctor, dead.http]).toMatchObject([
    1,
    [
      { check: 'monolith HTTP', ok: true },
      {
        check: 'service HTTP',
        ok: false,
        actual: 'does not answer (ECONNREFUSED); of 40 requests in the last 5 min 30 failed',
        remedy: expect.stringMatching(/^strangler rollback catalog \(the service is not there, /),
      },
    ],
  ]);
  // it answers, and says at the address that its context file names that it is not well
  const unwell = createServer((request, response) => {
    response.writeHead(request.url === '/ready' ? 503 : 200).end();
  }).listen(0, '127.0.0.1');
  try {
    await once(unwell, 'listening');
    const service = { ...shop.service, health: '/ready' };
    await writeFile(join(scene.dir, 'catalog.json'), JSON.stringify({ ...shop, service }));
    const { port } = unwell.address() as AddressInfo;
    const found = await look(`http://127.0.0.1:${port}`);
    expect(found.status).toMatchObject(wayOut);
    expect(found.http[1]).toMatchObject({ ok: false, actual: expect.stringContaining('503') });
  } finally {
    unwell.close();
  }
});
