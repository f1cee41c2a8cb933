import pg from 'pg';
import {
  createTestDatabase,
  type PostgresServer,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';
import { installOutbox, publishEvent } from '@strangler-toolkit/service-kit';
import {
  type DomainEvent,
  type EventSource,
  subscribe,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionProgress,
} from '../../src/outbox/index.ts';

/** A service that publishes and a consumer that counts. */
export interface Rig extends AsyncDisposable {
  readonly service: TestDatabase;
  readonly target: TestDatabase;
  readonly embedded: EventSource & { transport: 'embedded' };
  /** One transaction. */
  publish(
    events: readonly {
      readonly id: string;
      readonly n: number;
      readonly type?: string;
      readonly payload?: unknown;
    }[],
    options?: { rollback?: boolean },
  ): Promise<void>;
  /** `handled` has a row for each event and `times` says how often its handler took effect. */
  handled(): Promise<{ id: string; n: number; times: number }[]>;
  count(): Promise<number>;
  subscribe(
    options?: Partial<SubscribeOptions>,
  ): Subscription & { readonly progress: SubscriptionProgress[]; readonly events: DomainEvent[] };
  readonly pool: pg.Pool;
  readonly targetPool: pg.Pool;
}

export const countEvent = async (event: DomainEvent, transaction: pg.ClientBase): Promise<void> => {
  const n =
    typeof event.payload === 'object' && event.payload !== null && 'n' in event.payload
      ? Number(event.payload.n)
      : -1;
  await transaction.query(
    'INSERT INTO handled (aggregate, n) VALUES ($1, $2) ON CONFLICT (aggregate, n) DO UPDATE SET times = handled.times + 1',
    [event.aggregateId, n],
  );
};

/** `server`: the service's database lies on a server of its own, which the test may set back. */
export async function openRig(label: string, server?: PostgresServer): Promise<Rig> {
  const [service, target] = await Promise.all([
    server === undefined
      ? createTestDatabase(`${label}_service`)
      : server.createDatabase(label).then((url) => ({ url, name: label, drop: async () => {} })),
    createTestDatabase(`${label}_consumer`),
  ]);
  const pool = new pg.Pool({ connectionString: service.url, max: 6 });
  const targetPool = new pg.Pool({ connectionString: target.url, max: 3 });
  // Idle connections of a server that is restarted.
  pool.on('error', () => {});
  await installOutbox(pool);
  await targetPool.query(
    'CREATE TABLE handled (seq bigint GENERATED ALWAYS AS IDENTITY, aggregate text, n int, times int NOT NULL DEFAULT 1, PRIMARY KEY (aggregate, n))',
  );
  const embedded = {
    transport: 'embedded',
    service: 'shop',
    aggregateTypes: ['order'],
    url: service.url,
  } as const;
  const open: Subscription[] = [];
  return {
    service,
    target,
    embedded,
    pool,
    targetPool,
    async publish(events, { rollback = false } = {}) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        for (const { id, n, type = 'order.changed', payload } of events)
          await publishEvent(client, {
            aggregateType: 'order',
            aggregateId: id,
            type,
            payload: payload ?? { n },
          });
        await client.query(rollback ? 'ROLLBACK' : 'COMMIT');
      } finally {
        client.release();
      }
    },
    handled: async () =>
      (
        await targetPool.query<{ id: string; n: number; times: number }>(
          'SELECT aggregate AS id, n, times FROM handled ORDER BY seq',
        )
      ).rows,
    count: async () =>
      Number(
        (await targetPool.query<{ count: string }>('SELECT count(*) FROM handled')).rows[0]?.count,
      ),
    subscribe(options = {}) {
      const progress: SubscriptionProgress[] = [];
      const events: DomainEvent[] = [];
      const subscription = subscribe({
        consumer: 'counter',
        source: embedded,
        target: target.url,
        onProgress: (step) => progress.push(step),
        handler: async (event, transaction) => {
          await countEvent(event, transaction);
          events.push(event);
        },
        ...options,
      });
      open.push(subscription);
      return { ...subscription, progress, events };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(open.map((subscription) => subscription.close()));
      await Promise.all([pool.end(), targetPool.end()]);
      await Promise.all([service.drop(), target.drop()]);
    },
  };
}
