import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres, until } from '@strangler-toolkit/dev-stack';
import { restartSubscription } from '../../src/outbox/index.ts';
import { copyServer } from '../support/server-copy.ts';
import { openRig } from './rig.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => server?.stop());

const order = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ id: '1', n: from + index }));

describe('a service that was restored from a copy of its data folder', () => {
  test.each(['same timeline', 'promoted'] as const)(
    '%s: its consumers stop with a code, and read again what the outbox holds',
    async (how) => {
      await using rig = await openRig(`restored_${how.replace(/\W/g, '')}`, server);
      const first = rig.subscribe();
      await rig.publish(order(1, 10));
      await until('ten', async () => (await rig.count()) === 10);
      await until('a position with its history', async () => {
        const { rows } = await rig.targetPool.query(
          `SELECT FROM strangler.event_positions WHERE history -> 'mark' IS NOT NULL`,
        );
        return rows.length > 0;
      });
      const copy = await copyServer(server);
      await until('the server answers', () => rig.pool.query('SELECT 1'));
      await rig.publish(order(11, 20));
      await until('twenty', async () => (await rig.count()) === 20);
      await until('the newest mark is passed', async () => {
        const { rows: marks } = await rig.pool.query<{ mark: object }>(
          `SELECT jsonb_build_object('line', line, 'number', number) AS mark
             FROM strangler.marks ORDER BY at DESC LIMIT 1`,
        );
        const { rows } = await rig.targetPool.query(
          `SELECT FROM strangler.event_positions WHERE history -> 'mark' = $1::jsonb`,
          [JSON.stringify(marks[0]?.mark)],
        );
        return rows.length > 0;
      });
      await first.close();
      await copy.putBack(how);
      await until('the server answers', () => rig.pool.query('SELECT 1'));
      await rig.publish(order(101, 110));
      await rig.pool.query('SELECT pg_switch_wal()');
      await rig.pool.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 20000000))`);

      const second = rig.subscribe();
      await expect(
        Promise.race([second.ended, until('handled or not', async () => (await rig.count()) > 20)]),
      ).rejects.toMatchObject({
        code: 'HISTORY_CHANGED',
        remedy: expect.stringContaining('restartSubscription'),
      });
      expect(await rig.count()).toBe(20);

      await restartSubscription({
        consumer: 'counter',
        target: rig.target.url,
        source: rig.embedded,
      });
      rig.subscribe();
      await until('what the outbox holds', async () => (await rig.count()) === 30);
    },
  );
});
