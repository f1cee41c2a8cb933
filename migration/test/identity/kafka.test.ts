import { expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { cutover, type MoveOptions, type MoveResult, rollback } from '../../src/cutover/index.ts';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import { replicationNames, type Transport } from '../../src/stream/index.ts';
import { openScene, type Scene, settled } from '../cutover-scene.ts';
import { recordVerified, tooLarge } from './recorded.ts';
import {
  bothSides,
  caughtUp,
  definition,
  openShop,
  type Shop,
  startWorker,
} from '../worker/shop.ts';

const over = async (): Promise<Transport> => {
  const { brokers, connectUrl } = await sharedKafka();
  return chooseTransport(definition, {
    STRANGLER_TRANSPORT: 'kafka',
    KAFKA_BROKERS: brokers,
    CONNECT_URL: connectUrl,
  });
};

/** Replicates, then `change` happens: the worker has to stop and say why. */
async function stopped(shop: Shop, change: string, told: string): Promise<void> {
  {
    await using worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await shop.monolith.query(change);
    expect(await worker.ended).toBe('IDENTITY_CHANGED');
  }
  const watermark = await shop.control.watermarks.get('goods', 'forward');
  expect(watermark?.detail['message']).toContain(told);
}

/** Of tables that are too large to be compared behind the fence: what Connect left out in the middle of a COPY, nobody would see. */
async function restVoid(scene: Scene, kind: 'cutover' | 'rollback'): Promise<void> {
  const [owner, direction] =
    kind === 'cutover' ? (['monolith', 'forward'] as const) : (['service', 'reverse'] as const);
  const { slot } = replicationNames('shop', direction, scene.databases[owner].name);
  await settled(scene);
  await recordVerified(scene, direction);
  await tooLarge(scene);
  const move = (options: Partial<MoveOptions>): Promise<MoveResult> =>
    (kind === 'cutover' ? cutover : rollback)({ ...scene.options, noFacade: true, ...options });
  expect((await move({ dryRun: true })).error).toBeUndefined();
  const result = await move({
    async onStep({ step, moment }) {
      if (step === 'catch-up' && moment === 'done')
        await scene.sql[owner].query(
          'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1',
          [slot],
        );
    },
  });
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'GATE_REFUSED' } });
  expect(result.error?.message).toMatch(
    new RegExp(`void since: Kafka Connect (began to read|does not read) the ${owner}'s log`),
  );
  await tooLarge(scene, 200);
  await settled(scene);
}

describeWithKafka('a stream over Kafka whose tables change', () => {
  test('a table that is exchanged stops it, which is told; to say that it was meant makes both sides equal', async () => {
    await using shop = await openShop({}, await over());
    await stopped(
      shop,
      `BEGIN; CREATE TABLE other (LIKE products INCLUDING ALL); INSERT INTO other SELECT * FROM products;
       ALTER TABLE products RENAME TO former; ALTER TABLE other RENAME TO products; COMMIT; UPDATE products SET name = 'unheard of'`,
      'was exchanged for another one',
    );
    await using _worker = startWorker({ ...shop, reread: true });
    await caughtUp(shop, 'forward');
    await shop.monolith.query(`UPDATE products SET name = 'heard of' WHERE id = 3`);
    await caughtUp(shop, 'forward');
    const sides = await bothSides(shop);
    expect(sides.service).toBe(sides.monolith);
    expect(sides.service).toContain('heard of');
  });

  test('a publication that is made anew without the beats stops it, and that the connector passed over some is found out', async () => {
    await using shop = await openShop({}, await over());
    await stopped(
      shop,
      `DROP PUBLICATION strangler_goods_forward; CREATE PUBLICATION strangler_goods_forward
       FOR TABLE products, strangler.probe WITH (publish_via_partition_root = true)`,
      'was dropped and made anew',
    );
    const beat = async () =>
      Number(
        (await shop.monolith.query('SELECT max(beat) AS beat FROM strangler.heartbeat')).rows[0]
          ?.beat,
      );
    const last = await beat();
    await until('the connector passes over two beats', async () => (await beat()) > last + 1);
    await using worker = startWorker({ ...shop, reread: true });
    expect(await worker.ended).toBe('POSITION_GAP');
    const watermark = await shop.control.watermarks.get('goods', 'forward');
    expect(watermark?.detail['remedy']).toContain('strangler replicate goods --restart');
  });

  test('a column that is rewritten is read again', async () => {
    await using shop = await openShop({}, await over());
    await using _worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await shop.monolith.query(
      'ALTER TABLE products ALTER COLUMN name TYPE varchar(200) USING upper(name)',
    );
    await until('the rewritten rows are read again', async () => {
      const sides = await bothSides(shop);
      return sides.monolith === sides.service && sides.monolith.includes('PRODUCT 7');
    });
    await caughtUp(shop, 'forward');
  });

  test('on the way back as well: a publication of the service that leaves a table out stops the worker; there and back a verification to rest on is void once Connect has lost its place behind the fence', async () => {
    const { brokers, connectUrl } = await sharedKafka();
    const scene = await openScene('identity_kafka', { kafka: { brokers, connectUrl } });
    try {
      await restVoid(scene, 'cutover');
      expect(await cutover({ ...scene.options, noFacade: true })).toMatchObject({
        outcome: 'done',
      });
      await restVoid(scene, 'rollback');
      await scene.sql.service.query('ALTER PUBLICATION strangler_shop_reverse DROP TABLE labels');
      await until('the worker ends by itself', async () => scene.worker()?.exitCode !== null);
      expect(scene.log.join('')).toContain('does not hold public.labels any more');
    } finally {
      await scene.close();
    }
  });
});
