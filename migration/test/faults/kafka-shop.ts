import { expect } from '@jest/globals';
import type { Admin } from 'kafkajs';
import { type RunningProcess, startProcess, until } from '@strangler-toolkit/dev-stack';
import { fileURLToPath } from 'node:url';
import { connect, databaseName } from '../../src/database/connect.ts';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import { replicationNames } from '../../src/stream/index.ts';
import { ConnectClient } from '../../src/stream/kafka/connect-client.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import { readStreamNote } from '../../src/replica/heartbeats.ts';
import {
  bothSides,
  caughtUp,
  definition,
  openShop,
  type Shop,
  startWorker,
} from '../worker/shop.ts';
import type { Servers } from './servers.ts';

/** The worker suite's shop on servers of its own, over Kafka, with what is needed to do damage to it. */
export interface KafkaShop extends Shop {
  readonly connect: ConnectClient;
  /** Connector, topic prefix and group. */
  readonly stream: () => Promise<string>;
  readonly slot: string;
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
  insert(from: number, count?: number): Promise<void>;
  /** What was inserted is there, and was applied once. */
  expectOnce(rows: number): Promise<void>;
  /** A worker in a process of its own. */
  startProcess(): Promise<RunningProcess>;
}

/** `mirrored`: the source lies on the server that is the target of others, so that a setting of it concerns nobody else. */
export async function openKafkaShop(
  servers: Servers,
  { mirrored = false } = {},
): Promise<KafkaShop> {
  const {
    broker,
    connect: { url: connectUrl },
    source,
    target,
  } = servers;
  const place = { brokers: broker.brokers, connectUrl };
  const transport = chooseTransport(definition, {
    STRANGLER_TRANSPORT: 'kafka',
    KAFKA_BROKERS: place.brokers,
    CONNECT_URL: connectUrl,
  });
  const shop = await openShop(
    mirrored ? { monolith: target, service: source } : { monolith: source, service: target },
    transport,
  );
  await shop.service.query(`CREATE TABLE applied (good_id bigint);
    CREATE FUNCTION count_applied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO applied VALUES (NEW.good_id); RETURN NEW; END $$;
    CREATE TRIGGER count_applied AFTER INSERT OR UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION count_applied(); ALTER TABLE goods ENABLE ALWAYS TRIGGER count_applied`);
  return {
    ...shop,
    connect: new ConnectClient(connectUrl),
    slot: replicationNames('goods', 'forward', databaseName(shop.monolithUrl)).slot,
    stream: async () => (await readStreamNote(shop.monolith, 'goods', 'forward'))?.name ?? '',
    admin: (work) => withAdmin({ brokers: [broker.brokers], clientId: 'test' }, 'test', work),
    insert: async (from, count = 100) =>
      void (await shop.monolith.query(
        `INSERT INTO products SELECT n, 'new', 'on', 1, NULL, NULL, 0 FROM generate_series(${from}, ${from + count - 1}) n`,
      )),
    async expectOnce(rows) {
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
      expect(
        (
          await shop.service.query(
            'SELECT count(*) AS all, count(DISTINCT good_id) AS distinct FROM applied WHERE good_id >= 10000',
          )
        ).rows,
      ).toEqual([{ all: String(rows), distinct: String(rows) }]);
    },
    startProcess: () =>
      startProcess({
        name: 'worker',
        file: fileURLToPath(new URL('../worker/worker-process.ts', import.meta.url)),
        args: [shop.controlUrl, shop.monolithUrl, shop.serviceUrl, JSON.stringify(place)],
        ready: 'spawned',
      }),
    [Symbol.asyncDispose]: async () => {
      const note = await readStreamNote(shop.monolith, 'goods', 'forward');
      await shop[Symbol.asyncDispose]();
      // a slot that nobody reads keeps log, and holds up nothing else of this suite
      const client = await connect(shop.monolithUrl, { applicationName: 'test' }).catch(
        () => undefined,
      );
      await client
        ?.query(
          'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active',
        )
        .catch(() => undefined);
      await client?.end();
      if (note !== null)
        await withAdmin({ brokers: [broker.brokers], clientId: 'test' }, 'test', (admin) =>
          admin.deleteGroups([note.name]),
        ).catch(() => undefined);
    },
  };
}

/** Copied, caught up, and nobody at work. */
export async function replicated(shop: KafkaShop): Promise<KafkaShop> {
  await using _worker = startWorker(shop);
  await caughtUp(shop, 'forward');
  return shop;
}

/** The code that the watermark shows. */
export const toldCode = async (shop: KafkaShop): Promise<unknown> =>
  (await shop.control.watermarks.get('goods', 'forward'))?.detail['code'];

/** All that is committed by now has arrived in Kafka, and Connect and the slot have it written down. */
export async function settled(shop: KafkaShop): Promise<void> {
  const { rows } = await shop.monolith.query<{ lsn: string }>(
    'SELECT pg_current_wal_lsn()::text AS lsn',
  );
  await until('the slot passes the changes', async () => {
    const { rowCount } = await shop.monolith.query(
      'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn >= $2::pg_lsn',
      [shop.slot, rows[0]?.lsn],
    );
    return rowCount === 1;
  });
}
