import type { ChildProcess } from 'node:child_process';
import { Hopeless, until } from '@strangler-toolkit/dev-stack';
import { expect } from '@jest/globals';
import {
  abandon,
  contextTables,
  cutover,
  fenceStatus,
  installFence,
  rollback,
} from '../src/cutover/index.ts';
import { withConnection } from '../src/database/connect.ts';
import { loadMapping } from '../src/mapping/load.ts';
import { readStreamRow } from '../src/replica/streams.ts';
import { verify } from '../src/verify/index.ts';
import { reference } from './cutover-context.ts';
import { hammer, type Ledger, type TestFacade } from './cutover-facade.ts';
import { ended, oneOwner, run, type Scene, settled } from './cutover-scene.ts';
import { type KafkaPlace, transportOf } from './cutover-transport.ts';

const { context } = reference;
const tables = contextTables(reference);

/** A reference beside the context that moves, in the same two databases, with a worker of its own. */
async function openReference({ sql, control, databases, options }: Scene, kafka: KafkaPlace) {
  const log: string[] = [];
  let worker: ChildProcess;
  const startWorker = async (): Promise<void> => {
    worker = run(
      'cutover-worker.ts',
      {
        controlUrl: control.url,
        monolithUrl: databases.monolith.url,
        serviceUrl: databases.service.url,
        kafka,
        reference: true,
      },
      log,
    );
    await until('the worker of the reference applies', async () => {
      if (worker.exitCode !== null) throw new Hopeless(`it ended: ${log.slice(-20).join('')}`);
      const seen = await control.watermarks.get(context, 'forward');
      return seen?.workerAlive && seen.heartbeatAgeSeconds < 2 && seen.state !== 'copying';
    });
  };
  await sql.monolith.query(
    `CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL, tax numeric NOT NULL);
     INSERT INTO countries SELECT 'c' || i, 'country ' || i, i FROM generate_series(1, 50) i`,
  );
  await sql.service.query(
    `CREATE TABLE lands (iso text PRIMARY KEY, title text NOT NULL);
     CREATE TABLE tag_copies (id bigint PRIMARY KEY, name text)`,
  );
  await control.contexts.register(context, 'replicated');
  await control.contexts.setStage({ context, expectedStage: 'monolith', stage: 'replicating' });
  await installFence(sql.service, {
    context,
    tables: tables.service,
    owner: 'monolith',
    mode: 'refuse',
  });
  await startWorker();
  // Writes to the monolith's table, without end.
  let running = true;
  let writes = 0;
  const churn = (async () => {
    while (running) {
      writes += 1;
      await sql.monolith.query(
        `INSERT INTO countries VALUES ('n${writes}', 'new', 1);
         UPDATE countries SET name = 'at ${writes}' WHERE code = 'c1';
         UPDATE countries SET tax = tax + 1 WHERE code = 'c2';
         DELETE FROM countries WHERE code = 'n${writes - 5}'`,
      );
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  })();
  churn.catch(() => undefined);
  return {
    killWorker: () => worker.kill('SIGKILL'),
    pauseWorker: () => worker.kill('SIGSTOP'),
    resumeWorker: () => worker.kill('SIGCONT'),
    async startWorker() {
      await ended(worker);
      await startWorker();
    },
    /** A write made now arrives. */
    async follows() {
      const mark = writes;
      await until('the reference follows', async () => {
        const { rows } = await sql.service.query<{ title: string }>(
          `SELECT title FROM lands WHERE iso = 'c1'`,
        );
        return Number(rows[0]?.title.slice(3) ?? 0) > mark;
      });
    },
    async endChurn() {
      running = false;
      await churn;
    },
    async close() {
      running = false;
      await churn.catch(() => undefined);
      worker.kill('SIGKILL');
      await ended(worker);
      const transport = transportOf(kafka, reference);
      return abandon({ ...options, definition: reference, transport });
    },
  };
}

/** What the monolith's database and the service's say of the reference's fences, and what a writer of the service hears. */
async function fencesOf({ sql }: Scene): Promise<unknown[]> {
  const refused = async (text: string): Promise<string> =>
    sql.service.query(text).then(
      () => 'written',
      (error: unknown) => (error as { code: string }).code,
    );
  return [
    (await fenceStatus(sql.monolith, context, tables.monolith)).mode,
    (await fenceStatus(sql.service, context, tables.service)).mode,
    await refused(`INSERT INTO lands VALUES ('xx', 'of the service')`),
    await refused(`UPDATE lands SET title = 'of the service'`),
    await refused('TRUNCATE tag_copies'),
  ];
}

/** Its worker stands still: what came to its tables just before the fence is not there for the service's first write. */
async function cutoverWaitsForIt(
  scene: Scene,
  kept: Awaited<ReturnType<typeof openReference>>,
  kafka: KafkaPlace,
): Promise<void> {
  await settled(scene);
  const { definition } = scene.options;
  const catchUpTimeoutMs = kafka === null ? 1500 : 4000;
  const result = await cutover({
    ...scene.options,
    definition: { ...definition, cutover: { ...definition.cutover, catchUpTimeoutMs } },
    references: [context],
    onStep: ({ step, moment }) => {
      if (step === 'hold' && moment === 'acted') kept.pauseWorker();
    },
  });
  kept.resumeWorker();
  expect([result.outcome, result.error?.code, result.error?.details.reference]).toEqual([
    'aborted',
    'CATCH_UP_TIMEOUT',
    context,
  ]);
  expect(result.error?.message).toContain(`the worker of the reference ${context} stands at `);
  expect(await scene.writable()).toEqual(['monolith']);
  await kept.follows();
}

/**
 * A reference under load while the context beside it changes its owner there and back: it follows before, during and after, its
 * worker killed in the middle of both moves, and the service never writes it. A cutover waits for it until then.
 */
export async function referenceKeepsInSync(
  scene: Scene,
  facade: TestFacade,
  ledger: Ledger,
  kafka: KafkaPlace,
): Promise<void> {
  const { sql, databases } = scene;
  const kept = await openReference(scene, kafka);
  const writer = hammer(facade, ledger, 2);
  const fenced = ['none', 'refuse', 'SF001', 'SF001', 'SF001'];
  try {
    await kept.follows();
    expect(await fencesOf(scene)).toEqual(fenced);
    await cutoverWaitsForIt(scene, kept, kafka);
    for (const [move, owner, killedAt] of [
      [cutover, 'service', 'close-stream'],
      [rollback, 'monolith', 'fence-source'],
    ] as const) {
      await settled(scene);
      const result = await move({
        ...scene.options,
        leaseTtlMs: 30_000,
        references: [context],
        onStep: ({ step, moment }) => {
          if (step === killedAt && moment === 'started') kept.killWorker();
        },
      });
      expect([result.outcome, result.error?.message]).toEqual(['done', undefined]);
      await kept.startWorker();
      await kept.follows();
      expect(await fencesOf(scene)).toEqual(fenced);
      expect((await scene.control.contexts.require(context)).owner).toBe('monolith');
      expect(await scene.writable()).toEqual([owner]);
      // By way of the monolith, where the context that owns it carries it back.
      await sql[owner].query(
        owner === 'service'
          ? `INSERT INTO labels (name) VALUES ('of the service')`
          : `INSERT INTO tags (name) VALUES ('of the monolith')`,
      );
      await until('what the owner wrote is in the copy', async () => {
        const { rowCount } = await sql.service.query('SELECT FROM tag_copies WHERE name = $1', [
          `of the ${owner}`,
        ]);
        return rowCount === 1;
      });
    }
    await writer.stop();
    await kept.endChurn();
    expect(ledger.failures).toEqual([]);
    const application = { applicationName: 'test' };
    const mapping = await withConnection(databases.monolith.url, application, (monolith) =>
      withConnection(databases.service.url, application, (service) =>
        loadMapping(reference, monolith, service),
      ),
    );
    const compared = await verify({
      mapping,
      monolithUrl: databases.monolith.url,
      serviceUrl: databases.service.url,
      direction: 'forward',
      appliedPosition: async () =>
        withConnection(
          databases.service.url,
          application,
          async (service) => (await readStreamRow(service, context, 'forward'))?.position ?? 0n,
        ),
    });
    expect(compared).toMatchObject({ differences: 0, unsettled: 0 });
    expect(compared.tables.map(({ rows }) => rows >= 20)).toEqual([true, true]);
  } finally {
    await writer.stop();
    expect(await kept.close()).toMatchObject({ outcome: 'done' });
  }
  expect(oneOwner('monolith')).toMatchObject({ writable: await scene.writable() });
}
