import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InMemStorageProvider, Unleash, UnleashEvents } from 'unleash-client';
import { normalizedStrategyValue } from 'unleash-client/lib/strategy/util.js';
import { type Feature, inRollout } from './rollout.ts';

/** Unleash's own client with one flag and no server. */
async function clientWith(feature: Feature): Promise<Unleash> {
  const client = new Unleash({
    url: 'http://127.0.0.1:9/api/',
    appName: 'rollout',
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: [feature] },
  });
  client.on(UnleashEvents.Error, () => {});
  await new Promise((resolve) => client.once(UnleashEvents.Ready, resolve));
  return client;
}

const flag = (more: Partial<Feature>): Feature => ({
  name: 'items.one',
  enabled: true,
  strategies: [gradual({ rollout: '50', groupId: 'items', stickiness: 'default' })],
  ...more,
});
type Strategies = NonNullable<Feature['strategies']>;
const gradual = (parameters: Record<string, unknown>): Strategies[number] =>
  ({ name: 'flexibleRollout', parameters }) as Strategies[number];

const rollout = fc.oneof(
  fc.integer({ min: -5, max: 105 }),
  fc.integer({ min: 0, max: 100 }).map(String),
  fc.constantFrom('', ' 40 ', '12.5', 'half', undefined, null),
);
const stickiness = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('default', 'userId', '', undefined) },
  fc.constantFrom('sessionId', 'random', 'team'),
);
const groupId = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('items', 'orders') },
  fc.constantFrom('', undefined),
);
const gradually = fc.record({ rollout, stickiness, groupId }).map(gradual);
const strategies = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: gradually },
    fc.constantFrom(
      { name: 'default', parameters: {} },
      { name: 'userWithId', parameters: { userIds: 'ann,ben' } },
    ),
  ),
  { maxLength: 3 },
);
const constraint = { contextName: 'userId', operator: 'IN', values: ['ann'] };
const narrowed = fc.oneof(
  { weight: 4, arbitrary: strategies },
  strategies.map((all) => all.map((one) => ({ ...one, constraints: [constraint] }))),
  strategies.map((all) => all.map((one) => ({ ...one, segments: [7] }))),
);
const features = fc
  .record({ enabled: fc.boolean(), strategies: narrowed })
  .map((more) => flag(more as Partial<Feature>));
const users = fc.array(fc.oneof(fc.constantFrom('ann', 'ben', ''), fc.string(), fc.uuid()), {
  minLength: 1,
  maxLength: 20,
});

test('what is answered here is what the client answers', async () => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(features, users, async (feature, ids) => {
      const client = await clientWith(feature);
      try {
        for (const userId of ids) {
          const here = inRollout(feature, userId, normalizedStrategyValue);
          if (here === undefined) continue;
          answered++;
          expect(here).toBe(client.isEnabled(feature.name, { userId }));
        }
      } finally {
        client.destroy();
      }
    }),
    { numRuns: 300 },
  );
  // or else the property holds for want of answers
  expect(answered).toBeGreaterThan(100);
});

test('a gradual rollout is answered here', () => {
  const share = (): number => 50;
  expect(inRollout(flag({}), 'ann', share)).toBe(true);
  expect(inRollout(flag({}), 'ann', () => 51)).toBe(false);
  expect(inRollout(flag({ enabled: false }), 'ann', share)).toBe(false);
});

test.each<[string, Partial<Feature>]>([
  ['depends on another flag', { dependencies: [{ feature: 'parent' }] }],
  ['reports each answer', { impressionData: true }],
  ['has no strategy', { strategies: [] }],
  [
    'has a strategy of another kind',
    { strategies: [{ name: 'userWithId' } as Strategies[number]] },
  ],
  [
    'has a constraint',
    {
      strategies: [
        { ...gradual({ rollout: 50, groupId: 'items' }), constraints: [constraint] },
      ] as Strategies,
    },
  ],
  [
    'has a segment',
    {
      strategies: [{ ...gradual({ rollout: 50, groupId: 'items' }), segments: [7] }] as Strategies,
    },
  ],
  [
    'sticks to something else',
    { strategies: [gradual({ rollout: 50, groupId: 'items', stickiness: 'random' })] },
  ],
])('a flag that %s is left to the client', (_, more) => {
  expect(inRollout(flag(more), 'ann', () => 1)).toBeUndefined();
});
