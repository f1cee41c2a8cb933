import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { isStranglerError } from '@strangler-toolkit/plan';
import type { Finding } from '../../src/findings/check.ts';
import type { StreamEnds } from '../../src/stream/transport.ts';
import { embeddedLeg, kafkaLeg, type Leg, testDatabase } from './kafka-source.ts';

// What the interface of a transport promises, asked of each transport. How each carries changes is compared in parity.test.ts.

function promises(kind: 'embedded' | 'kafka', begin: (url: string) => Promise<Leg>): void {
  let place: Awaited<ReturnType<typeof testDatabase>>;
  let leg: Leg;
  const ends = (direction: StreamEnds['direction'], signal?: AbortSignal): StreamEnds => ({
    context: leg.source.context,
    direction,
    url: leg.source.url,
    tables: leg.tables,
    signal: signal ?? new AbortController().signal,
    withSource: (work) => work({ ...leg.source, direction }),
    withTarget: (work) => work(leg.source.client),
  });

  beforeAll(async () => {
    place = await testDatabase(
      `port_${kind}`,
      'CREATE TABLE items (id bigint PRIMARY KEY, name text NOT NULL)',
    );
    leg = await begin(place.database.url);
  });
  afterAll(async () => {
    await leg?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
  });

  test('says which transport it is, and how long a proof waits for it', () => {
    expect(leg.transport.kind).toBe(kind);
    expect(leg.transport.proofTimeoutMs).toBeGreaterThanOrEqual(10_000);
  });

  test('can be used where its servers are, and plans no change of what runs as it should', async () => {
    await leg.transport.assertUsable(ends('forward'));
    const actions = await leg.transport.plan(ends('forward'), { begun: true });
    expect(actions.filter(({ action }) => !action.startsWith('leave '))).toEqual([]);
  });

  test('tells where its stream stands', async () => {
    const health = await leg.transport.health(ends('forward'));
    expect(health).toMatchObject({ direction: 'forward', transport: kind, problems: [] });
    expect(health.slot).toMatchObject({ name: leg.slot, walStatus: 'reserved' });
  });

  test('does not throw when the source cannot be asked: it says so', async () => {
    const health = await leg.transport.health({
      ...ends('forward'),
      withSource: () => Promise.reject(new Error('gone')),
    });
    expect(health).toMatchObject({ slot: null, problems: ['gone'] });
  });

  test('finds nothing wrong with a stream that was just made', async () => {
    const found: Finding[] = [];
    await leg.transport.check(
      { forward: ends('forward'), reverse: ends('reverse') },
      {
        streaming: { direction: 'forward', begun: true },
        report: (finding) => found.push(finding),
      },
    );
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('reads a table again, or refuses with a way that works', () => {
    try {
      const planned = leg.transport
        .resync(ends('forward'))
        .plan([{ schema: 'public', table: 'items' }]);
      expect(planned.length).toBeGreaterThan(0);
    } catch (error) {
      if (!isStranglerError(error)) throw error;
      expect(error.code).toBe('MOVE_NOT_ALLOWED');
      expect(error.remedy).toContain('strangler verify');
    }
  });

  test('holds nothing back when nothing was written, and is removed twice without harm', async () => {
    const options = { checkpoint: {}, tables: [], signal: new AbortController().signal };
    expect(await leg.transport.unapplied(leg.source, options)).toEqual([]);
    await leg.transport.remove(leg.source);
    await leg.transport.remove(leg.source);
  });
}

describe('the embedded transport', () => {
  promises('embedded', (url) => embeddedLeg(url, 'port', ['items']));
});

describeWithKafka('the transport through Kafka', () =>
  promises('kafka', (url) => kafkaLeg(url, 'port', ['items'])),
);
