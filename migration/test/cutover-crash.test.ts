import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { otherSide } from '@strangler-toolkit/plan';
import { cutover, protocol, recoverMove, rollback, unfinishedMoves } from '../src/cutover/index.ts';
import { hammer, type Ledger, openFacade, stopHammers, type TestFacade } from './cutover-facade.ts';
import { consistentState, oneOwner, openScene, type Scene, settled } from './cutover-scene.ts';

let scene: Scene;
let facade: TestFacade;
const ledger: Ledger = { acknowledged: new Set(), increments: 0, failures: [] };
let begin = 0;
beforeAll(async () => {
  scene = await openScene('crash');
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

type Kind = 'cutover' | 'rollback';
type By = 'recovery' | 'running the command again';
interface Kill {
  readonly kind: Kind;
  readonly step: string;
  readonly moment: 'started' | 'middle' | 'acted';
  readonly by: By;
}
const flipAt = protocol.findIndex((step) => step.phase === 'flip');
const flippedAt = ({ step, moment }: Pick<Kill, 'step' | 'moment'>): boolean => {
  const at = protocol.findIndex((known) => known.name === step);
  return at > flipAt || (at === flipAt && moment === 'acted');
};
const acted = (names: readonly string[]): Pick<Kill, 'step' | 'moment'>[] =>
  names.map((step) => ({ step, moment: 'acted' }));
const names = (phase: 'before' | 'rest'): string[] =>
  protocol
    .filter((step) => (phase === 'before') === (step.phase === 'before'))
    .map((step) => step.name);
/** These only look: killing after them finds what killing after their predecessor finds. */
const looking = ['prepare', 'catch-up', 'verify'];
const insides: Pick<Kill, 'step' | 'moment'>[] = [
  { step: 'prove-reverse', moment: 'middle' },
  { step: 'hold', moment: 'middle' },
];

/**
 * Every step's end («acted») and the inside of those that do two things. A step's «started» is left out: between one step's
 * end and the next one's start only a journal line is written, which recovery does not read (the two lines that it reads,
 * the move's first and the flip's, have kills on both sides). The rollback runs the same steps with the sides swapped, so
 * there those that change nothing are left out. The ends of the moves alternate, so that no kill needs a move to get into place.
 */
const before = (kind: Kind): Kill[] => [
  { kind, step: 'prepare', moment: 'started', by: 'recovery' },
  ...[
    ...insides,
    ...acted(names('before').filter((name) => kind === 'cutover' || !looking.includes(name))),
  ].map((at): Kill => ({ ...at, kind, by: 'recovery' })),
];
const again: By = 'running the command again';
const kills: Kill[] = [
  ...before('cutover'),
  { kind: 'cutover', step: 'sequences', moment: 'acted', by: again },
  ...before('rollback'),
  { kind: 'rollback', step: 'fence-source', moment: 'acted', by: again },
  ...acted(names('rest')).flatMap((at, index): Kill[] => [
    { ...at, kind: 'cutover', by: index % 2 === 0 ? 'recovery' : again },
    { ...at, kind: 'rollback', by: index % 2 === 0 ? again : 'recovery' },
  ]),
];

const options = () => ({ ...scene.options, noFacade: true });
const kindFor = (owner: string): Kind => (owner === 'monolith' ? 'cutover' : 'rollback');
const command = (kind: Kind) => (kind === 'cutover' ? cutover : rollback)(options());

async function nothingLost(): Promise<void> {
  const { rows } = await scene.sql.monolith.query<{ sku: string }>(
    `SELECT sku FROM products WHERE sku NOT LIKE 'seed-%'`,
  );
  const present = new Set(rows.map((row) => row.sku));
  expect(rows.length).toBe(present.size);
  expect([...ledger.acknowledged].filter((sku) => !present.has(sku))).toEqual([]);
  // A refused write was never acknowledged, so nothing may be there that the ledger does not know.
  expect([...present].filter((sku) => !ledger.acknowledged.has(sku))).toEqual([]);
  expect(
    Number(
      (await scene.sql.monolith.query(`SELECT n FROM products WHERE sku = 'seed-1'`)).rows[0]?.n,
    ) - begin,
  ).toBe(ledger.increments);
  expect(ledger.failures.filter((failure) => !failure.includes('writes to'))).toEqual([]);
}

/** What a failed test before this one left unfinished is no concern of this one. */
async function ready(): Promise<Kind> {
  await scene.expireLease();
  await recoverMove(options());
  await settled(scene);
  return kindFor(await scene.owner());
}

/** Only who is needed for a kill gets the context into place; a test that runs alone finds it so too. */
async function inPlace(kind: Kind): Promise<void> {
  await ready();
  if (kindFor(await scene.owner()) === kind) return;
  const turned = await command(kind === 'cutover' ? 'rollback' : 'cutover');
  expect([turned.outcome, turned.error?.message]).toEqual(['done', undefined]);
  await settled(scene);
}

describe('kill -9 of a move', () => {
  test.each(kills)(
    '$kind at $step, $moment: $by leaves one owner and every acknowledged write',
    async ({ kind, step, moment, by }) => {
      await inPlace(kind);
      const owner = await scene.owner();
      const writer = hammer(facade, ledger, 2);
      expect(await scene.crash({ kind, at: { step, moment } })).toBe('SIGKILL');
      const flipped = flippedAt({ step, moment });
      expect((await unfinishedMoves(scene.control, 'shop')).map((left) => left.flipped)).toEqual([
        flipped,
      ]);
      // Both sides are fenced, or one; never none.
      expect((await scene.writable()).length).toBeLessThanOrEqual(1);
      expect((await command(kind)).error?.code).toBe('LEASE_HELD');
      await scene.expireLease();
      if (by === 'recovery') {
        expect((await recoverMove(options())).outcome).toBe(flipped ? 'completed' : 'aborted');
        expect(await scene.owner()).toBe(flipped ? otherSide(owner) : owner);
      } else {
        const result = await command(kind);
        expect([result.outcome, result.error?.message]).toEqual(['done', undefined]);
        expect(await scene.owner()).toBe(otherSide(owner));
      }
      // Held writes go on.
      const seen = ledger.increments;
      await until('writes flow', async () => ledger.increments > seen + 5);
      await writer.stop();
      expect(await unfinishedMoves(scene.control, 'shop')).toEqual([]);
      expect(await consistentState(scene)).toEqual(oneOwner(await scene.owner()));
      await nothingLost();
    },
  );
});

describe('kill -9 with nobody to run a command', () => {
  beforeAll(async () => {
    await scene.stopWorker();
    await scene.startWorker({ recover: true });
  });
  afterAll(async () => {
    await scene.stopWorker();
    await scene.expireLease();
    await recoverMove(options());
    await scene.startWorker();
  });

  // The stream is open, is closed, belongs to the other side: the worker is in another place of its own each time.
  test.each(['close-stream', 'sequences', 'unfence-target'])(
    'at %s: the worker recovers by itself when the lease has run out, not before',
    async (step) => {
      const kind = await ready();
      const owner = await scene.owner();
      expect(await scene.crash({ kind, at: { step, moment: 'started' }, leaseTtlMs: 3000 })).toBe(
        'SIGKILL',
      );
      await until('the worker recovers', async () => {
        const lease = await scene.control.leases.get('shop');
        const left = await unfinishedMoves(scene.control, 'shop');
        // A live lease of the mover and a finished move at once: somebody did not wait.
        expect(lease?.holder === 'mover' && lease.expiresInSeconds > 0 && left.length === 0).toBe(
          false,
        );
        return left.length === 0;
      });
      expect(await scene.owner()).toBe(step === 'unfence-target' ? otherSide(owner) : owner);
      expect(await consistentState(scene)).toEqual(oneOwner(await scene.owner()));
      expect(
        (await scene.control.journal.list({ context: 'shop', step: 'recover', limit: 1 }))[0]
          ?.actor,
      ).toBe('worker');
      await nothingLost();
    },
  );
});

describe('two commands', () => {
  test('at once: one moves the context, the other is told who works on it, and until when', async () => {
    const kind = await ready();
    const paused = await scene.pause({ kind, at: { step: 'fence-source', moment: 'acted' } });
    const refused = await command(kind);
    const resumed = await paused.resume();
    expect(refused).toMatchObject({
      outcome: 'refused',
      error: {
        code: 'LEASE_HELD',
        message: expect.stringMatching(/mover is working on shop \(.*lease runs out in \d+ s/),
      },
    });
    expect(resumed.outcome).toBe('done');
    expect(await consistentState(scene)).toEqual(oneOwner(await scene.owner()));
  });

  test('beginning in the same instant: exactly one gets the lease', async () => {
    const kind = await ready();
    const results = await Promise.all([command(kind), command(kind), command(kind)]);
    expect(results.map((result) => result.error?.code ?? result.outcome).sort()).toEqual([
      'LEASE_HELD',
      'LEASE_HELD',
      'done',
    ]);
    expect(await consistentState(scene)).toEqual(oneOwner(await scene.owner()));
  });

  // The steps that change something, each stopped where only its own protection is left.
  test.each([
    'prove-reverse',
    'hold',
    'fence-source',
    'close-stream',
    'sequences',
    'flip',
    'unfence-target',
    'release',
    'drop-old-stream',
  ])('one sleeps at %s, is overtaken, and wakes up: it changes nothing any more', async (step) => {
    await inPlace('cutover');
    const writer = hammer(facade, ledger, 2);
    const paused = await scene.pause({ kind: 'cutover', at: { step, moment: 'started' } });
    await scene.expireLease();
    expect((await recoverMove(options())).outcome).toBe(
      flippedAt({ step, moment: 'started' }) ? 'completed' : 'aborted',
    );
    // The world moved on, to where the sleeper's next change would hurt most: its target is fenced, its source owns, or the reverse.
    if (step !== 'hold') await settled(scene);
    if (step === 'unfence-target' || step === 'drop-old-stream')
      expect((await command('rollback')).error?.message).toBeUndefined();
    if (step === 'fence-source') expect((await command('cutover')).error?.message).toBeUndefined();
    await settled(scene);
    const epoch = (await scene.control.contexts.require('shop')).epoch;
    const slots = (
      await scene.sql.monolith.query(
        'SELECT slot_name, confirmed_flush_lsn IS NOT NULL FROM pg_replication_slots WHERE database = ANY($1) ORDER BY 1',
        [[scene.databases.monolith.name, scene.databases.service.name]],
      )
    ).rows;
    // who slept for long enough finds its connection timed out before it can ask about its lease
    expect((await paused.resume()).code).toMatch(/^(LEASE_LOST|DB_UNREACHABLE)$/);
    const row = await scene.control.contexts.require('shop');
    expect([row.epoch, row.held]).toEqual([epoch, false]);
    expect(
      (
        await scene.sql.monolith.query(
          'SELECT slot_name, confirmed_flush_lsn IS NOT NULL FROM pg_replication_slots WHERE database = ANY($1) ORDER BY 1',
          [[scene.databases.monolith.name, scene.databases.service.name]],
        )
      ).rows,
    ).toEqual(slots);
    const seen = ledger.increments;
    await until('writes flow', async () => ledger.increments > seen + 5);
    await writer.stop();
    expect(await unfinishedMoves(scene.control, 'shop')).toEqual([]);
    expect(await consistentState(scene)).toEqual(oneOwner(row.owner));
    await nothingLost();
  });
});
