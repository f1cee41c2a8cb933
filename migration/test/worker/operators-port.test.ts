import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { pause } from '../../src/pause.ts';
import { cli, type RunningCli, startCli } from '../support/cli.ts';
import { openScene, type Scene } from '../support/scene.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly step?: string;
  readonly code?: string;
}

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('port');
});
afterAll(async () => scene.close());

const settings = () => ({ ...scene.env, STRANGLER_WORKER_PORT: '0', STRANGLER_LOG: 'json' });

/** A worker with a port, and all the lines that it logs. */
async function start(): Promise<RunningCli & { readonly url: string; readonly lines: Line[] }> {
  const running = startCli(['replicate', 'catalog'], settings());
  const lines: Line[] = [];
  let rest = '';
  running.child.stderr!.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map((line) => JSON.parse(line) as Line));
  });
  await running.shows('health and metrics');
  const said = lines.find(({ step }) => step === 'port')!.msg;
  return { ...running, lines, url: /http:\S+/.exec(said)![0] };
}

const health = async (
  url: string,
): Promise<Record<string, unknown> & { readonly http: number }> => {
  const response = await fetch(`${url}/health`);
  const said = (await response.json()) as Record<string, unknown>;
  return { ...said, http: response.status };
};

/** Value of a series of this context, or undefined. */
async function metric(url: string, name: string, label = ''): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text
    .split('\n')
    .find((entry) => entry.startsWith(`${name}{`) && entry.includes(label));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

const stop = async (running: RunningCli): Promise<void> => {
  running.child.kill('SIGTERM');
  await running.done;
};

describe('the port of a worker', () => {
  test('tells whether this worker works, how far it is and what the owner keeps for it', async () => {
    const first = await start();
    const second = await start();
    try {
      await until('the first streams', async () => (await health(first.url)).caughtUp === true);
      await scene.sql(
        scene.monolith,
        `ALTER TABLE products ADD CONSTRAINT fits CHECK (true); INSERT INTO products (name) SELECT 'more' FROM generate_series(1, 20)`,
      );
      await until('it applied them', async () => (await health(first.url)).rowsApplied === 20);
      expect(await health(first.url)).toMatchObject({
        http: 200,
        ok: true,
        direction: 'forward',
        epoch: 1,
        deadLetters: 0,
        slot: { active: true, walStatus: 'reserved' },
      });
      expect(await metric(first.url, 'strangler_worker_rows_applied_total')).toBe(20);
      expect(await metric(first.url, 'strangler_worker_healthy')).toBe(1);
      expect(await metric(first.url, 'strangler_worker_phase', '"streaming"')).toBe(1);
      expect(await metric(first.url, 'strangler_worker_lag_seconds')).toBeLessThan(600);
      expect(await metric(first.url, 'strangler_worker_slot_usable')).toBe(1);
      expect(await metric(first.url, 'strangler_worker_slot_kept_bytes')).toBeGreaterThan(0);
      const position = await metric(first.url, 'strangler_worker_position_bytes');
      expect(position).toBeGreaterThan(0);
      // The one that stands by is well too, and says nothing of a stream that is not its own.
      expect((await health(second.url)).http).toBe(200);
      expect((await fetch(`${second.url}/health/live`)).status).toBe(200);
      expect(await metric(second.url, 'strangler_worker_phase', '"standby"')).toBe(1);
      expect(await metric(second.url, 'strangler_worker_rows_applied_total')).toBeUndefined();
      expect((await fetch(`${second.url}/other`)).status).toBe(404);
    } finally {
      await stop(first);
      await stop(second);
    }
    // Where the other one takes over before it ends, it may stream for a moment: the first lines are its own.
    expect(first.lines.map(({ level }) => level)).not.toContain(20);
    expect(first.lines.find(({ msg }) => msg.includes('streaming'))).toMatchObject({ level: 30 });
  });

  test('says that it fails, and counts; afterwards that it goes on', async () => {
    await scene.sql(
      scene.service,
      `CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER no_space BEFORE UPDATE ON items FOR EACH STATEMENT EXECUTE FUNCTION no_space(); ALTER TABLE items ENABLE ALWAYS TRIGGER no_space`,
    );
    const worker = await start();
    try {
      await until('it streams', async () => (await health(worker.url)).http === 200);
      await scene.sql(scene.monolith, `UPDATE products SET name = 'needs space' WHERE id = 1`);
      await until('it fails', async () => (await health(worker.url)).http === 503);
      // It opens its stream again and again meanwhile, and is no better for it.
      for (let look = 0; look < 20; look += 1) {
        expect(await health(worker.url)).toMatchObject({
          http: 503,
          status: 'failed',
          why: expect.stringContaining('DB_DISK_FULL'),
        });
        expect(await metric(worker.url, 'strangler_worker_healthy')).toBe(0);
        const status = await scene.sql(
          scene.control,
          `SELECT COALESCE(detail->'failing'->>'code', detail->>'code') AS code FROM strangler_control.watermarks`,
        );
        expect(status).toEqual([{ code: 'DB_DISK_FULL' }]);
        await pause(100, new AbortController().signal);
      }
      expect((await fetch(`${worker.url}/health/live`)).status).toBe(200);
      await scene.sql(scene.service, 'DROP TRIGGER no_space ON items');
      await until('it goes on', async () => (await health(worker.url)).http === 200);
      expect(await metric(worker.url, 'strangler_worker_restarts_total')).toBeGreaterThan(0);
      expect(
        await metric(worker.url, 'strangler_worker_failures_total', 'DB_DISK_FULL'),
      ).toBeGreaterThan(0);
    } finally {
      await stop(worker);
    }
    expect(worker.lines.find(({ code }) => code === 'DB_DISK_FULL')).toMatchObject({ level: 40 });
  });

  test('knows dead letters and the lag from before a restart', async () => {
    await scene.sql(
      scene.service,
      `ALTER TABLE items ADD CONSTRAINT short CHECK (length(title) < 50)`,
    );
    const before = await start();
    await until('it streams', async () => (await health(before.url)).caughtUp === true);
    await scene.sql(scene.monolith, `UPDATE products SET name = repeat('x', 60) WHERE id = 2`);
    await until('a letter', async () => (await health(before.url)).deadLetters === 1);
    expect(await metric(before.url, 'strangler_worker_verification_ok')).toBeUndefined();
    // The parked row differs.
    expect((await cli(['verify', 'catalog'], scene.env)).code).toBe(3);
    await stop(before);
    await scene.sql(
      scene.control,
      `UPDATE strangler_control.watermarks SET applied_at = applied_at - interval '1 hour'`,
    );
    // Its transaction waits, so that the first samples are those of a stream that has applied nothing yet.
    const holding = await holdStream();
    const after = await start();
    try {
      await until('it samples', async () => (await health(after.url)).position !== undefined);
      expect(await health(after.url)).toMatchObject({ deadLetters: 1, caughtUp: false });
      expect(await metric(after.url, 'strangler_worker_lag_seconds')).toBeGreaterThan(3600);
      await holding.release();
      await until('it catches up', async () => (await health(after.url)).caughtUp === true);
      expect(await metric(after.url, 'strangler_worker_dead_letters')).toBe(1);
      expect(await metric(after.url, 'strangler_worker_verification_ok')).toBe(0);
      expect(await metric(after.url, 'strangler_worker_verification_age_seconds')).toBeGreaterThan(
        0,
      );
    } finally {
      await holding.release();
      await stop(after);
    }
  });

  test('that is taken ends the command with a code, as a line of JSON', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const { code, stderr } = await cli(['replicate', 'catalog'], {
        ...settings(),
        STRANGLER_WORKER_PORT: String(port),
      });
      expect(code).toBe(1);
      expect(JSON.parse(stderr)).toMatchObject({ level: 50, code: 'PORT_IN_USE' });
    } finally {
      other.close();
    }
  });

  test('is no port at all unless somebody asks for it', async () => {
    const plain = startCli(['replicate', 'catalog'], scene.env);
    await plain.shows('forward: ');
    await stop(plain);
    expect((await plain.done).stderr).not.toContain('health and metrics');
  });
});

/** Locks the row of the position: the applier waits for it. */
async function holdStream(): Promise<{ release(): Promise<void> }> {
  const client = await connect(scene.service.url, { applicationName: 'test' });
  await client.query('BEGIN; SELECT FROM strangler.streams FOR UPDATE');
  let open = true;
  return {
    async release() {
      if (open) await client.end();
      open = false;
    },
  };
}
