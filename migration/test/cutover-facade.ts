import { randomUUID } from 'node:crypto';
import type { Side } from '@strangler-toolkit/plan';
import pg from 'pg';
import { definition } from './cutover-context.ts';
import type { Scene } from './cutover-scene.ts';

export interface TestFacade {
  /** Performs one client write as a facade would; resolves when it is acknowledged. */
  write(work: (client: pg.Pool, owner: Side) => Promise<void>): Promise<void>;
  readonly heldWrites: number;
  close(): Promise<void>;
}

/**
 * The part of a facade that a move talks to, in a few lines: writes go to the owner, wait while a hold stands, and the
 * instance says when none is in flight. `deaf` never acknowledges.
 */
export async function openFacade(
  scene: Scene,
  name: string,
  options: { deaf?: boolean; heartbeat?: boolean } = {},
): Promise<TestFacade> {
  const id = randomUUID();
  const pools = {
    monolith: new pg.Pool({ connectionString: scene.databases.monolith.url, max: 8 }),
    service: new pg.Pool({ connectionString: scene.databases.service.url, max: 8 }),
  };
  for (const pool of Object.values(pools)) pool.on('error', () => {});
  const pool = new pg.Pool({ connectionString: scene.control.url, max: 2 });
  pool.on('error', () => {});
  await pool.query(
    `INSERT INTO strangler_control.instances (instance_id, name, detail) VALUES ($1, $2, '{"flags":"control"}')`,
    [id, name],
  );
  let state = await scene.control.contexts.require(definition.context);
  let inFlight = 0;
  let heldWrites = 0;
  let told = '';
  let closed = false;
  const report = async (): Promise<void> => {
    const drained = state.held && inFlight === 0;
    const news = `${state.epoch} ${state.holdId} ${drained}`;
    if (options.deaf || news === told) return;
    told = news;
    await pool.query(
      `INSERT INTO strangler_control.instance_contexts (instance_id, context, epoch, hold_id, drained) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (instance_id, context) DO UPDATE SET epoch = excluded.epoch, hold_id = excluded.hold_id, drained = excluded.drained, at = clock_timestamp()`,
      [id, definition.context, state.epoch, state.holdId, drained],
    );
  };
  const loop = (async () => {
    while (!closed) {
      state = await scene.control.contexts.require(definition.context);
      await report();
      if (options.heartbeat !== false)
        await pool.query(
          'UPDATE strangler_control.instances SET heartbeat_at = clock_timestamp() WHERE instance_id = $1',
          [id],
        );
      await new Promise((resolve) => {
        setTimeout(resolve, 25);
      });
    }
  })();
  return {
    get heldWrites() {
      return heldWrites;
    },
    async write(work) {
      if (state.held) heldWrites += 1;
      while (state.held) {
        await new Promise((resolve) => {
          setTimeout(resolve, 5);
        });
      }
      inFlight += 1;
      try {
        await work(pools[state.owner], state.owner);
      } finally {
        inFlight -= 1;
      }
    },
    async close() {
      closed = true;
      await loop;
      await pool.query('DELETE FROM strangler_control.instances WHERE instance_id = $1', [id]);
      await pool.end();
      await Promise.all([pools.monolith.end(), pools.service.end()]);
    },
  };
}

export interface Ledger {
  readonly acknowledged: Set<string>;
  increments: number;
  readonly failures: string[];
}

const hammers = new Set<{ stop(): Promise<void> }>();
/** For afterEach: a test that failed half way must not leave writers at work. */
export async function stopHammers(): Promise<void> {
  await Promise.all([...hammers].map((one) => one.stop()));
}

/** Writers that insert rows and count one up, and note every acknowledged write. */
export function hammer(
  facade: TestFacade,
  ledger: Ledger,
  count: number,
): { stop(): Promise<void> } {
  let running = true;
  const write = async (): Promise<void> => {
    const sku = randomUUID();
    try {
      await facade.write(async (pool, owner) => {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          if (owner === 'monolith') {
            await client.query('INSERT INTO products (sku) VALUES ($1)', [sku]);
            await client.query(`UPDATE products SET n = n + 1 WHERE sku = 'seed-1'`);
          } else {
            await client.query(
              'WITH made AS (INSERT INTO items (sku) VALUES ($1) RETURNING item_id) INSERT INTO item_counts (item_id) SELECT item_id FROM made',
              [sku],
            );
            await client.query(
              `UPDATE item_counts SET n = n + 1 WHERE item_id = (SELECT item_id FROM items WHERE sku = 'seed-1')`,
            );
          }
          await client.query('COMMIT');
        } catch (error) {
          await client.query('ROLLBACK').catch(() => {});
          throw error;
        } finally {
          client.release();
        }
      });
      ledger.acknowledged.add(sku);
      ledger.increments += 1;
    } catch (error) {
      ledger.failures.push(String(error));
    }
  };
  const all = Array.from({ length: count }, async () => {
    while (running) {
      await write();
      // each write is work for eight processes
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  });
  const writers = {
    async stop() {
      running = false;
      hammers.delete(writers);
      await Promise.all(all);
    },
  };
  hammers.add(writers);
  return writers;
}
