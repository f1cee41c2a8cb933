import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RunningProcess, startProcess, until, Hopeless } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { fileURLToPath } from 'node:url';
import { openControl } from '../../src/control/index.ts';
import { cli } from '../support/cli.ts';

import { type Bank, openBank } from './bank.ts';
import { type Clients, type Reader, startClients, startReader } from './clients.ts';
import { onDatabase } from './on-database.ts';
import { type Random, seeded, shuffled } from './random.ts';
import { type Servers, startServers } from './servers.ts';

const victims = ['broker', 'connect', 'worker', 'source', 'target'] as const;
type Victim = (typeof victims)[number];
const bin = fileURLToPath(new URL('../../bin/strangler.js', import.meta.url));

describeWithKafka(
  'kill -9 of anything in the way of the changes',
  () => {
    const seed = Number(process.env['STRANGLER_FAULT_SEED'] ?? Date.now() % 1_000_000);
    const random: Random = seeded(seed);
    const diary: string[] = [`seed ${seed}`];
    let servers: Servers;
    let bank: Bank;
    let clients: Clients;
    let reader: Reader;
    let worker: RunningProcess | undefined;

    beforeAll(async () => {
      servers = await startServers();
      bank = await openBank(servers);
    });
    afterAll(async () => {
      await clients?.stop();
      await reader?.stop();
      await worker?.kill('SIGKILL');
      await bank?.[Symbol.asyncDispose]();
      await servers?.stop();
    });

    const startWorker = async (): Promise<void> => {
      // as a person starts it
      worker = await startProcess({
        name: 'strangler replicate',
        file: bin,
        nodeOptions: [],
        args: ['replicate', 'bank', '--yes'],
        env: bank.env,
        ready: 'spawned',
      });
    };
    const kill: Record<Victim, () => Promise<unknown>> = {
      broker: () => servers.broker.crash(),
      connect: () => servers.connect.crash(),
      worker: async () => {
        if (worker?.running !== true) throw new Error('the worker ended by itself');
        await worker.kill('SIGKILL');
      },
      source: () => servers.source.crash(),
      target: () => servers.target.crash(),
    };
    const start: Record<Victim, () => Promise<unknown>> = {
      broker: () => servers.broker.restart(),
      connect: () => servers.connect.restart(),
      worker: startWorker,
      source: () => servers.source.restart(),
      target: () => servers.target.restart(),
    };
    const note = (text: string): void =>
      void diary.push(`${new Date().toISOString().slice(14, 23)} ${text}`);
    const explained = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
        expect(worker?.running).toBe(true);
      } catch (error) {
        const told = `${diary.join('\n')}\nworker:\n${worker?.logs().slice(-15).join('\n')}\nconnect:\n${servers.connect
          .logs()
          .filter((line) => /ERROR|WARN|Exception/.test(line))
          .slice(-10)
          .join('\n')}`;
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n${told}`, {
          cause: error,
        });
      }
    };
    /** Some more transactions, unless there is nothing to write to. */
    const go = async (count: number): Promise<void> => {
      const before = clients.acknowledged;
      await until(`${count} more transactions`, async () => clients.acknowledged >= before + count);
    };
    const round = async (group: readonly Victim[]): Promise<void> => {
      for (const victim of group) {
        note(`kill ${victim}`);
        await kill[victim]();
        if (!group.includes('source')) await go(random(25));
      }
      const up = shuffled(group, random);
      // Connect does not start without its broker
      const [connect, broker] = [up.indexOf('connect'), up.indexOf('broker')];
      if (connect !== -1 && connect < broker) [up[connect], up[broker]] = ['broker', 'connect'];
      for (const victim of up) {
        await start[victim]();
        note(`started ${victim}`);
      }
    };
    const caughtUp = async (): Promise<void> => {
      const control = await openControl(bank.controlUrl);
      try {
        const now = await control.now();
        await until(
          'the stream has caught up',
          async () => {
            if (worker?.running !== true) throw new Hopeless('the worker ended');
            return ((await control.watermarks.get('bank', 'forward'))?.appliedAt ?? '') > now;
          },
          { withinMs: 300_000 },
        );
        note('caught up');
      } finally {
        await control.close();
      }
    };
    const copying = (): Promise<true> =>
      until('rows are being copied', async () => {
        if (worker?.running !== true) throw new Hopeless('the worker ended');
        const { rows } = await onDatabase(bank.targetUrl, (client) =>
          client.query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active'`,
          ),
        );
        return rows.length > 0;
      });

    test(
      'in the initial copy, with clients at work: it begins again and ends whole',
      () =>
        explained(async () => {
          clients = startClients(bank.sourceUrl, random);
          await startWorker();
          const [first, second] =
            random(2) === 0
              ? ([
                  ['source', 'worker'],
                  ['target', 'broker', 'connect'],
                ] as const)
              : ([
                  ['target', 'worker'],
                  ['connect', 'source', 'broker'],
                ] as const);
          for (const group of [first, second]) {
            await copying();
            note('copying');
            await round(shuffled(group, random));
          }
          await caughtUp();
        }),
      300_000,
    );

    test(
      'in the stream, one at a time and several at once, in any order: everything comes, once, and nobody sees half of a transaction',
      () =>
        explained(async () => {
          reader = startReader(bank.targetUrl);
          const order = shuffled(victims, random);
          for (const group of [
            order.slice(0, 1),
            order.slice(1, 3),
            order.slice(3),
            shuffled(victims, random),
          ]) {
            await go(40);
            await round(group);
            if (group.length < victims.length) await go(20);
          }
          await caughtUp();
          await go(30);
          await clients.stop();
          await caughtUp();
        }),
      400_000,
    );

    test(
      'afterwards verify finds no difference, the target counted every change once, and no reader saw what never was',
      () =>
        explained(async () => {
          await reader.stop();
          expect([...new Set(reader.seen)].slice(0, 5)).toEqual([]);
          expect(reader.looks).toBeGreaterThan(20);
          const verified = await cli(['verify', 'bank', '--json'], bank.env);
          expect(verified).toMatchObject({ code: 0 });
          const count = async (url: string, sql: string): Promise<unknown> =>
            (await onDatabase(url, (client) => client.query(sql))).rows;
          expect(await count(bank.targetUrl, 'SELECT what FROM wrong LIMIT 5')).toEqual([]);
          expect(
            await count(
              bank.targetUrl,
              'SELECT kind, id FROM applied GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 5',
            ),
          ).toEqual([]);
          expect(await count(bank.targetUrl, `SELECT 1 FROM strangler.dead_letters`)).toEqual([]);
          const totals =
            'SELECT (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM bulk) AS bulk, (SELECT count(*) FROM notes) AS notes, (SELECT sum(balance) FROM accounts) AS money';
          expect(await count(bank.targetUrl, totals)).toEqual(await count(bank.sourceUrl, totals));
          expect(
            Number(
              (
                (await count(bank.targetUrl, 'SELECT count(*) AS n FROM applied')) as {
                  n: string;
                }[]
              )[0]?.n,
            ),
          ).toBeGreaterThan(2000);
        }),
      120_000,
    );
  },
  { ownServers: true },
);
