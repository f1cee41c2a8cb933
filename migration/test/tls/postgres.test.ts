import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { startTlsPostgres, type TlsPostgres, until } from '@strangler-toolkit/dev-stack';
import { openControl } from '../../src/control/index.ts';
import { connect } from '../../src/database/connect.ts';
import { cli, json, type RunningCli, startCli } from '../support/cli.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { toCanary } from '../support/to-canary.ts';

let place: TlsPostgres;
let scene: Scene;
let worker: RunningCli | undefined;
const { TEST_PG_URL: shared } = process.env;

beforeAll(async () => {
  place = await startTlsPostgres();
  process.env.TEST_PG_URL = place.url('postgres');
  scene = await openScene('tls');
});
afterAll(async () => {
  worker?.child.kill('SIGKILL');
  await worker?.done;
  await scene?.close();
  process.env.TEST_PG_URL = shared;
  await place?.stop();
});

const run = async (...args: string[]): Promise<Record<string, unknown>> => {
  const result = await cli([...args, '--json'], scene.env);
  if (result.code !== 0)
    throw new Error(
      `strangler ${args.join(' ')} exited ${result.code}: ${result.stdout} ${result.stderr}`,
    );
  return json(result);
};

const refusal = async (
  url: string,
  replication = false,
): Promise<{ code?: string; message?: string; remedy?: string }> =>
  connect(url, { applicationName: 'test', replication }).then(
    async (client) => {
      await client.end();
      return {};
    },
    (error: unknown) => error as { code: string; message: string; remedy: string },
  );

test('with the right CA everything goes over TLS: copy, stream, apply, control, and the way back', async () => {
  await run('replicate', 'catalog', '--until-caught-up');
  worker = startCli(['replicate', 'catalog'], scene.env);
  const control = await openControl(scene.control.url);
  try {
    const caughtUp = (direction: 'forward' | 'reverse') =>
      until(`the worker follows ${direction}`, async () => {
        const row = await control.contexts.require('catalog');
        const watermark = await control.watermarks.get('catalog', direction);
        return (
          watermark?.workerAlive && watermark.state === 'caught-up' && watermark.epoch === row.epoch
        );
      });
    await caughtUp('forward');
    const ours = await scene.sql(
      scene.monolith,
      `SELECT DISTINCT ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name LIKE 'strangler%'`,
    );
    expect(ours).toEqual([{ ssl: true }]);
    await toCanary(control, 'catalog');
    expect(await run('verify', 'catalog')).toMatchObject({ differences: 0, rowsCompared: 50 });
    await run('cutover', 'catalog', '--yes', '--no-facade');
    await caughtUp('reverse');
    await scene.sql(scene.service, `INSERT INTO items (title) VALUES ('made by the service')`);
    await until(
      'the row came back',
      async () =>
        (await scene.sql(scene.monolith, `SELECT FROM products WHERE name = 'made by the service'`))
          .length === 1,
    );
  } finally {
    await control.close();
  }
});

test.each([false, true])(
  'a certificate that our CA did not sign is refused (replication: %s)',
  async (replication) => {
    const refused = await refusal(place.url(scene.monolith.name, place.stranger.ca), replication);
    expect(refused).toMatchObject({
      code: 'TLS_FAILED',
      message: expect.stringContaining(`127.0.0.1:${place.server.port}/${scene.monolith.name}`),
      remedy: expect.stringContaining('sslrootcert'),
    });
    expect(refused.message).not.toContain('postgres:postgres');
  },
);

test('a CA file that is not there, or cannot be one, is told by its name', async () => {
  const missing = join(place.folder, 'no-such.crt');
  expect(await refusal(place.url('postgres', missing))).toMatchObject({
    code: 'TLS_FILE',
    message: expect.stringContaining(missing),
    remedy: expect.stringContaining('sslrootcert'),
  });
  expect(await refusal(place.url('postgres', place.folder))).toMatchObject({ code: 'TLS_FILE' });
  const nonsense = join(place.folder, 'nonsense.crt');
  await writeFile(nonsense, 'this is no certificate');
  expect(await refusal(place.url('postgres', nonsense))).toMatchObject({ code: 'TLS_FAILED' });
});

test('a name that is not in the certificate is refused, and so is a login without TLS', async () => {
  const elsewhere = place.url('postgres').replace('127.0.0.1', 'localhost');
  expect(await refusal(elsewhere)).toMatchObject({ code: 'TLS_FAILED' });
  expect(await refusal(place.server.url('postgres'))).toMatchObject({ code: 'TLS_FAILED' });
});

test.each<[string, () => string, string]>([
  ['a wrong CA', () => place.stranger.ca, 'TLS_FAILED'],
  ['a file that is not there', () => join(place.folder, 'no-such.crt'), 'TLS_FILE'],
])('the control database with %s is refused with a code and a remedy', async (_what, ca, code) => {
  const url = place.url(scene.control.name, ca());
  const result = await cli(['status', '--json'], { ...scene.env, STRANGLER_CONTROL_URL: url });
  expect(result.code).toBe(1);
  expect(json(result)).toMatchObject({ error: { code, remedy: expect.any(String) } });
});
