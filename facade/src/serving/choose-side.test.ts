import { describe, expect, test } from '@jest/globals';
import type { MigrationDefinition, Side, StoredKind } from '@strangler-toolkit/plan';
import type { FlagReader } from '../flags/flag-reader.ts';
import { noFlags } from '../flags/no-flags.ts';
import type { FreshnessAnswer } from '../ownership/freshness.ts';
import { type OwnerRow, OwnerStates } from '../ownership/owner-states.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Breaker } from '../resilience/breaker.ts';
import { facadeMetrics } from '../telemetry/metrics.ts';
import { chooseSide } from './choose-side.ts';
import { type Claim, type Claims, claimsOf } from './claim.ts';

const definition: MigrationDefinition = {
  context: 'items',
  data: 'replicated',
  monolith: { url: 'http://monolith' },
  service: { url: 'http://service' },
  routes: [
    { name: 'list', method: 'GET', path: '/items', kind: 'read' },
    { name: 'add', method: 'POST', path: '/items', kind: 'write' },
  ],
};
const row: OwnerRow = {
  context: 'items',
  dataKind: 'replicated',
  stage: 'canary',
  owner: 'monolith',
  epoch: 2n,
  holdId: null,
  holdLeftMs: null,
};

interface Given {
  readonly told?: Partial<OwnerRow>;
  readonly data?: StoredKind;
  readonly flags?: Readonly<Record<string, boolean>>;
  readonly answer?: FreshnessAnswer;
  readonly unwilling?: Side;
  readonly method?: string;
  readonly identity?: string;
  /** Told while the control database is asked. */
  readonly meanwhile?: Partial<OwnerRow>;
  /** Those of requests before. */
  readonly claims?: Claims;
}

const willing =
  (unwilling?: Side) =>
  (_context: string, side: Side): Breaker => ({
    willing: unwilling !== side,
    state: 'closed',
    execute: (run) => run(),
  });
const underCeiling = (data: MigrationDefinition['data']): Claims =>
  claimsOf({
    definitions: [{ ...definition, data, rampCeiling: 2 }],
    env: {},
    breaker: willing(),
  });

/** Chooses, and tells what the control database was asked. */
async function choose(given: Given) {
  const data = given.data ?? 'replicated';
  const states = new OwnerStates(new Map([['items', data]]));
  states.merge({ ...row, dataKind: data, ...given.told });
  const asked: unknown[] = [];
  const freshness = (context: string, names: readonly string[]): Promise<FreshnessAnswer> => {
    asked.push([context, ...names]);
    if (given.meanwhile) states.merge({ ...row, ...given.meanwhile });
    return Promise.resolve(given.answer ?? { known: false });
  };
  const flagged: unknown[] = [];
  const flags: FlagReader = {
    ...noFlags,
    isEnabled(name, identity) {
      flagged.push([name, identity]);
      return (given.flags ?? { 'items.list': true, 'items.add': true })[name];
    },
  };
  const breaker = willing(given.unwilling);
  const claims =
    given.claims ?? claimsOf({ definitions: [{ ...definition, data }], env: {}, breaker });
  const found = claims.find({
    method: given.method ?? 'GET',
    rawPath: '/items',
    host: undefined,
    search: '',
    lines: { headers: {} },
  }) as { claim: Claim };
  const metrics = facadeMetrics();
  const ownership = { states, freshness } as unknown as Ownership;
  const { target, reason, view } = await chooseSide({ flags, ownership, metrics }, found.claim, {
    identity: given.identity,
    sticky: given.identity && `${given.identity} sticks`,
    all: () => (given.identity === undefined ? [] : [given.identity, `${given.identity} too`]),
  });
  const pinned = (await metrics.pinnedReads.get()).values.map(({ labels }) => labels.reason);
  const surplus = (await metrics.rampSurplus.get()).values.map(({ value }) => value);
  const { epoch, owner, stage } = view;
  return { target, reason, epoch, owner, stage, asked, flagged, pinned, surplus };
}
const answer = (more: object = {}): FreshnessAnswer => ({
  known: true,
  fresh: true,
  owner: 'monolith',
  epoch: 2n,
  behindMs: 10,
  ...more,
});

describe('a read of replicated data that its flag sends to the other side', () => {
  test('goes there when that side has everything, of this reader and in this epoch', async () => {
    expect(await choose({ answer: answer(), identity: 'ann' })).toMatchObject({
      target: 'service',
      reason: 'flag',
      asked: [['items', 'ann', 'ann too']],
      pinned: [],
    });
  });

  test.each<[string, FreshnessAnswer, string]>([
    ['it lacks a write of the reader', answer({ fresh: false }), 'pin'],
    ['nobody answered', { known: false }, 'pin-unknown'],
    ['the answer is of an older epoch', answer({ epoch: 1n }), 'pin-unknown'],
  ])('goes to the owner when %s', async (_why, told, reason) => {
    expect(await choose({ answer: told })).toMatchObject({
      target: 'monolith',
      reason,
      pinned: [reason],
    });
  });

  test('goes to the new owner when the answer is the first to tell of it', async () => {
    expect(
      await choose({ answer: answer({ owner: 'service', epoch: 3n, fresh: false }) }),
    ).toMatchObject({
      target: 'service',
      reason: 'flag',
      owner: 'service',
      epoch: 3n,
      stage: 'service',
    });
    expect(
      await choose({
        told: { owner: 'service', stage: 'service' },
        flags: { 'items.list': false },
        answer: answer({ epoch: 3n, fresh: false }),
      }),
    ).toMatchObject({
      target: 'monolith',
      reason: 'flag',
      owner: 'monolith',
      epoch: 3n,
      stage: 'canary',
    });
  });

  test('believes no other owner within the same epoch, and none that the answer does not name', async () => {
    expect(await choose({ answer: answer({ owner: 'service', fresh: false }) })).toMatchObject({
      target: 'monolith',
      owner: 'monolith',
    });
    expect(await choose({ answer: answer({ owner: undefined, epoch: 3n }) })).toMatchObject({
      target: 'monolith',
      reason: 'pin-unknown',
      epoch: 2n,
    });
  });

  test('is judged by what came meanwhile, not by what was known when it asked', async () => {
    expect(
      await choose({
        answer: answer(),
        meanwhile: { owner: 'service', stage: 'service', epoch: 3n },
      }),
    ).toMatchObject({ target: 'service', owner: 'service', epoch: 3n });
  });

  test('is drawn once where chance decides for each request: half of them are half', async () => {
    let drawn = 0;
    const flags = {
      get 'items.list'() {
        return drawn++ % 2 === 0;
      },
    };
    const targets = [await choose({ flags, answer: answer() }), await choose({ flags })];
    expect(targets.map(({ target }) => target)).toEqual(['service', 'monolith']);
    expect(drawn).toBe(2);
  });

  test('does not wait for a side whose breaker tries again', async () => {
    expect(await choose({ unwilling: 'service', answer: answer() })).toMatchObject({
      target: 'monolith',
      reason: 'breaker-open',
      asked: [],
    });
  });
});

describe('nobody is asked for freshness', () => {
  test('when the owner answers anyway', async () => {
    expect(await choose({ flags: { 'items.list': false } })).toMatchObject({
      target: 'monolith',
      reason: 'flag',
      asked: [],
    });
    expect(await choose({ flags: { 'items.list': true, 'items.kill': true } })).toMatchObject({
      target: 'monolith',
      reason: 'kill',
      asked: [],
    });
  });

  test('of data that cannot lag', async () => {
    for (const data of ['none', 'shared'] as const)
      expect(await choose({ data })).toMatchObject({ target: 'service', asked: [] });
  });

  test('for a write', async () => {
    const held = { holdId: 'h', holdLeftMs: 60_000 };
    expect(await choose({ method: 'POST', told: held })).toMatchObject({
      target: 'monolith',
      reason: 'owner',
      asked: [],
    });
  });
});

test('while a hold runs a read of the owner asks as well: the owner may be changing right now', async () => {
  const held = { holdId: 'h', holdLeftMs: 60_000 };
  const flags = { 'items.list': false };
  expect(await choose({ told: held, flags, answer: answer() })).toMatchObject({
    target: 'monolith',
    asked: [['items']],
  });
  expect(
    await choose({
      told: held,
      flags: { 'items.list': true },
      answer: answer({ owner: 'service', epoch: 3n }),
    }),
  ).toMatchObject({ target: 'service', owner: 'service' });
});

test("a route's own flag and its context's kill switch are asked for, with the reader's identity", async () => {
  const { flagged } = await choose({ data: 'none', identity: 'ann' });
  expect(flagged).toEqual([
    ['items.kill', 'ann sticks'],
    ['items.list', 'ann sticks'],
  ]);
});

describe('a ramp ceiling', () => {
  const several = async (times: number, given: Given) => {
    const chosen = [];
    for (let time = 0; time < times; time++) chosen.push(await choose(given));
    return chosen;
  };

  test.each(['none', 'replicated'] as const)(
    'gives what is over it to the owner, of data that is %s',
    async (data) => {
      const claims = underCeiling(data);
      const chosen = await several(4, { data, claims, answer: answer() });
      expect(chosen.map(({ target, reason }) => [target, reason])).toEqual([
        ['service', 'flag'],
        ['service', 'flag'],
        ['monolith', 'ceiling'],
        ['monolith', 'ceiling'],
      ]);
      expect(chosen.map(({ surplus }) => surplus)).toEqual([[], [], [1], [1]]);
    },
  );

  test('counts no read that a pin, a flag or an open breaker keeps at the owner anyway', async () => {
    const claims = underCeiling('replicated');
    await several(5, { claims, answer: answer({ fresh: false }) });
    await several(5, { claims, answer: answer(), flags: { 'items.list': false } });
    expect((await several(3, { claims, answer: answer() })).map(({ reason }) => reason)).toEqual([
      'flag',
      'flag',
      'ceiling',
    ]);
  });

  test('holds for no read of a service that owns, pinned or not', async () => {
    const told = { owner: 'service', stage: 'service' } as const;
    for (const flags of [{ 'items.list': true }, { 'items.list': false }]) {
      const claims = underCeiling('replicated');
      const fresh = !flags['items.list'];
      const chosen = await several(5, {
        claims,
        told,
        flags,
        answer: answer({ owner: 'service', fresh: !fresh }),
      });
      expect(chosen.map(({ target }) => target)).toEqual(Array(5).fill('service'));
      expect(chosen.flatMap(({ surplus }) => surplus)).toEqual([]);
    }
  });

  test('holds for no write, steered by a flag or by its owner', async () => {
    for (const data of ['none', 'replicated'] as const) {
      const claims = underCeiling(data);
      const told = data === 'none' ? {} : ({ owner: 'service', stage: 'service' } as const);
      const chosen = await several(5, { claims, data, told, method: 'POST' });
      expect(chosen.map(({ target }) => target)).toEqual(Array(5).fill('service'));
    }
  });
});
