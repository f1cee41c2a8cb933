import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { directionFrom, sourceOf, type Direction } from '@strangler-toolkit/plan';
import {
  abandon,
  cutover,
  protocol,
  recoverMove,
  retire,
  rollback,
  unfinishedMoves,
} from '../src/cutover/index.ts';
import { ConnectClient } from '../src/stream/kafka/connect-client.ts';
import { withAdmin } from '../src/stream/kafka/kafka-client.ts';
import { streamOf } from '../src/stream/kafka/topic-names.ts';
import { replicationNames } from '../src/stream/source/replication-names.ts';
import { hammer, type Ledger, openFacade, stopHammers, type TestFacade } from './cutover-facade.ts';
import { referenceKeepsInSync } from './cutover-reference.ts';
import { transportOf } from './cutover-transport.ts';
import { consistentState, oneOwner, openScene, type Scene, settled } from './cutover-scene.ts';

/** Cutover and rollback with Debezium's connectors between the two databases. */
describeWithKafka('a move over Kafka', () => {
  let scene: Scene;
  let facade: TestFacade;
  let kafka: { brokers: string; connectUrl: string };
  const ledger: Ledger = { acknowledged: new Set(), increments: 0, failures: [] };
  let begin = 0;
  beforeAll(async () => {
    kafka = await sharedKafka();
    scene = await openScene('kafka_move', { kafka });
    facade = await openFacade(scene, 'one');
    begin = Number(
      (await scene.sql.monolith.query(`SELECT n FROM products WHERE sku = 'seed-1'`)).rows[0]?.n,
    );
  });
  afterEach(stopHammers);
  afterAll(async () => {
    await facade?.close();
    await scene?.close();
  });

  const slotIn = ({ databases }: Scene, direction: Direction): string =>
    replicationNames('shop', direction, databases[sourceOf(direction)].name).slot;
  /** Directions of which Connect has a connector, Kafka has topics, the databases have slots; one connector each at most. */
  const carried = async (
    at: Scene = scene,
  ): Promise<{ connectors: Direction[]; topics: Direction[]; slots: Direction[] }> => {
    const streamsIn = (names: readonly string[]): Direction[] =>
      (['forward', 'reverse'] as const).filter((direction) =>
        names.some((name) => streamOf(slotIn(at, direction), name) !== null),
      );
    const connectors = (await new ConnectClient(kafka.connectUrl).list()).filter(
      (name) => streamsIn([name]).length > 0,
    );
    expect(connectors.length).toBe(streamsIn(connectors).length);
    const topics = await withAdmin(
      { brokers: kafka.brokers.split(','), clientId: 'test' },
      'test',
      (admin) => admin.listTopics(),
    );
    const { rows } = await at.sql.monolith.query<{ name: string }>(
      'SELECT slot_name AS name FROM pg_replication_slots',
    );
    return {
      connectors: streamsIn(connectors),
      topics: streamsIn(topics),
      slots: (['forward', 'reverse'] as const).filter((direction) =>
        rows.some(({ name }) => name === slotIn(at, direction)),
      ),
    };
  };
  const only = (...directions: Direction[]): Awaited<ReturnType<typeof carried>> => ({
    connectors: directions,
    topics: directions,
    slots: directions,
  });
  const options = () => ({ ...scene.options, noFacade: true });
  const kindFor = (owner: string) => (owner === 'monolith' ? 'cutover' : 'rollback');
  const command = (kind: 'cutover' | 'rollback') =>
    (kind === 'cutover' ? cutover : rollback)(options());
  const writesFlow = async (): Promise<void> => {
    const seen = ledger.increments;
    await until('writes flow', async () => ledger.increments > seen + 20);
  };
  async function nothingLost(): Promise<void> {
    const { rows } = await scene.sql.monolith.query<{ sku: string }>(
      `SELECT sku FROM products WHERE sku NOT LIKE 'seed-%'`,
    );
    const present = new Set(rows.map((row) => row.sku));
    expect([
      rows.length,
      [...ledger.acknowledged].filter((sku) => !present.has(sku)),
      [...present].filter((sku) => !ledger.acknowledged.has(sku)),
    ]).toEqual([present.size, [], []]);
    expect(
      Number(
        (await scene.sql.monolith.query(`SELECT n FROM products WHERE sku = 'seed-1'`)).rows[0]?.n,
      ) - begin,
    ).toBe(ledger.increments);
  }

  test('the way back runs and is proven before writes are held, the old way is gone afterwards, and no write is lost in both directions', async () => {
    expect(await carried()).toEqual(only('forward'));
    const writer = hammer(facade, ledger, 4);
    await writesFlow();
    for (const [move, opening] of [
      [cutover, 'reverse'],
      [rollback, 'forward'],
    ] as const) {
      await settled(scene);
      let atHold: unknown;
      const result = await move({
        ...scene.options,
        onStep: async ({ step, moment }) =>
          void (step === 'hold' && moment === 'started' && (atHold = await carried())),
      });
      expect([result.outcome, result.error?.message]).toEqual(['done', undefined]);
      expect(atHold).toEqual(only('forward', 'reverse'));
      expect(result.steps.find(({ step }) => step === 'prove-reverse')?.detail).toMatchObject({
        transport: 'kafka',
        direction: opening,
      });
      expect(result.steps.find(({ step }) => step === 'catch-up')?.detail).toMatchObject({
        confirmed: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/),
      });
      expect(await carried()).toEqual(only(opening));
      await writesFlow();
    }
    await writer.stop();
    expect(ledger.failures).toEqual([]);
    expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
    await nothingLost();
  });

  test('a reference keeps in sync before, during and after a move of the context beside it, and the service never writes it', async () => {
    await referenceKeepsInSync(scene, facade, ledger, kafka);
    expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
    await nothingLost();
  });

  // Each where something of the new or of the old stream is made, or not yet gone.
  test.each([
    { step: 'prove-reverse', moment: 'middle' },
    { step: 'prove-reverse', moment: 'acted' },
    { step: 'catch-up', moment: 'acted' },
    { step: 'flip', moment: 'acted' },
    { step: 'drop-old-stream', moment: 'started' },
    { step: 'drop-old-stream', moment: 'acted' },
  ] as const)(
    'killed at $step, $moment: one owner, one connector, every acknowledged write',
    async (at) => {
      await settled(scene);
      const owner = await scene.owner();
      const kind = kindFor(owner);
      const flipped =
        protocol.findIndex(({ name }) => name === at.step) >=
        protocol.findIndex(({ phase }) => phase === 'flip');
      const writer = hammer(facade, ledger, 2);
      expect(await scene.crash({ kind, at })).toBe('SIGKILL');
      await scene.expireLease();
      expect((await recoverMove(options())).outcome).toBe(flipped ? 'completed' : 'aborted');
      await writesFlow();
      await writer.stop();
      expect(await unfinishedMoves(scene.control, 'shop')).toEqual([]);
      const now = await scene.owner();
      expect(now === owner).toBe(!flipped);
      expect(await consistentState(scene)).toEqual(oneOwner(now));
      expect(await carried()).toEqual(only(directionFrom(now)));
      await nothingLost();
    },
  );

  test('a mover that slept in the proof, and was overtaken, leaves no connector behind', async () => {
    await settled(scene);
    const kind = kindFor(await scene.owner());
    const paused = await scene.pause({ kind, at: { step: 'prove-reverse', moment: 'middle' } });
    await scene.expireLease();
    expect((await recoverMove(options())).outcome).toBe('aborted');
    expect((await command(kind)).error?.message).toBeUndefined();
    await settled(scene);
    const before = await carried();
    expect((await paused.resume()).code).toBe('LEASE_LOST');
    expect(await carried()).toEqual(before);
    expect(await consistentState(scene)).toEqual(oneOwner(await scene.owner()));
  });

  test('with no Connect to make the way back on, the move is refused before writes are held', async () => {
    await settled(scene);
    const owner = await scene.owner();
    const before = await carried();
    const kind = kindFor(owner);
    const result = await (kind === 'cutover' ? cutover : rollback)({
      ...options(),
      transport: transportOf({ ...kafka, connectUrl: 'http://127.0.0.1:1' }),
    });
    // The undo cannot ask Connect either what it has of this move; the next command does.
    expect([
      result.outcome,
      result.error?.code,
      result.error?.details.code,
      result.writePauseMs,
    ]).toEqual(['unfinished', 'REVERSE_UNPROVEN', 'CONNECT_UNREACHABLE', null]);
    expect(result.steps.filter(({ status }) => status === 'done').map(({ step }) => step)).toEqual([
      'prepare',
    ]);
    expect((await recoverMove(options())).outcome).toBe('aborted');
    expect(await carried()).toEqual(before);
    expect(await consistentState(scene)).toEqual(oneOwner(owner));
  });

  test("abandoned before it was anybody's, and begun anew: nothing of the first stream is left, and none of it is taken for the second", async () => {
    const other = await openScene('kafka_anew', { stage: 'replicating', kafka });
    try {
      await other.sql.monolith.query(`UPDATE products SET n = 1 WHERE sku = 'seed-7'`);
      expect(await abandon(other.options)).toMatchObject({ outcome: 'done' });
      expect(await carried(other)).toEqual(only());
      await other.sql.service.query('TRUNCATE items, item_counts, labels');
      await other.sql.monolith.query(
        `UPDATE products SET n = 2 WHERE sku = 'seed-7'; DELETE FROM products WHERE sku = 'seed-8'`,
      );
      await other.control.contexts.setStage({
        context: 'shop',
        expectedStage: 'monolith',
        stage: 'replicating',
      });
      await settled(other);
      await other.sql.monolith.query(`UPDATE products SET n = n + 1 WHERE sku = 'seed-7'`);
      expect(await consistentState(other)).toMatchObject({ owner: 'monolith', slots: 1 });
      expect(await carried(other)).toEqual(only('forward'));
    } finally {
      await other.close();
    }
  });

  test('retirement leaves no connector, no topic and no slot', async () => {
    await settled(scene);
    if ((await scene.owner()) === 'monolith')
      expect((await command('cutover')).error?.message).toBeUndefined();
    await settled(scene);
    expect(await retire(options())).toMatchObject({ outcome: 'done' });
    expect(await carried()).toEqual(only());
  });
});
