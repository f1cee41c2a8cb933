import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cutover, protocol, recoverMove, rollback, unfinishedMoves } from '../src/cutover/index.ts';
import { hammer, type Ledger, openFacade, type TestFacade } from './cutover-facade.ts';
import { consistentState, eventually, oneOwner, openScene, type Scene } from './cutover-scene.ts';

let scene: Scene;
let facade: TestFacade;
const ledger: Ledger = { acknowledged: new Set(), increments: 0, failures: [] };
let begin = 0;
beforeAll(async () => {
  scene = await openScene('crash');
  facade = await openFacade(scene, 'one');
  begin = Number((await scene.sql.monolith.query(`SELECT n FROM products WHERE sku = 'seed-1'`)).rows[0]?.n);
}, 60_000);
afterAll(async () => {
  await facade?.close();
  await scene?.close();
});

const middles = ['prove-reverse', 'hold', 'fence-source', 'stop-position'];
/** Every boundary of every step, and the inside of those that do more than one thing. */
const moments = protocol.flatMap(({ name }) => [
  { step: name, moment: 'started' },
  ...(middles.includes(name) ? [{ step: name, moment: 'middle' }] : []),
  { step: name, moment: 'acted' },
]);
const options = () => ({ ...scene.options, noFacade: true });
const kindFor = (owner: string): 'cutover' | 'rollback' => (owner === 'monolith' ? 'cutover' : 'rollback');

/** The new worker of the owner applies: without it no move may begin. */
async function settled(): Promise<void> {
  await eventually('the worker follows the owner', async () => {
    const row = await scene.control.contexts.require('shop');
    const watermark = await scene.control.watermarks.get('shop', row.owner === 'monolith' ? 'forward' : 'reverse');
    return watermark?.workerAlive && watermark.epoch === row.epoch && (watermark.lagSeconds ?? 99) < 4;
  });
}

async function nothingLost(): Promise<void> {
  const { rows } = await scene.sql.monolith.query<{ sku: string }>(`SELECT sku FROM products WHERE sku NOT LIKE 'seed-%'`);
  const present = new Set(rows.map((row) => row.sku));
  expect(rows.length).toBe(present.size);
  expect([...ledger.acknowledged].filter((sku) => !present.has(sku))).toEqual([]);
  // A refused write was never acknowledged, so nothing may be there that the ledger does not know.
  expect([...present].filter((sku) => !ledger.acknowledged.has(sku))).toEqual([]);
  expect(Number((await scene.sql.monolith.query(`SELECT n FROM products WHERE sku = 'seed-1'`)).rows[0]?.n) - begin).toBe(ledger.increments);
  expect(ledger.failures.filter((failure) => !failure.includes('writes to'))).toEqual([]);
}

describe.each(['cutover', 'rollback'] as const)('kill -9 in a %s', (kind) => {
  test.each(moments.map((moment, index) => ({ ...moment, by: index % 2 === 0 ? 'recovery' : 'running the command again' })))('at $step, $moment: $by leaves one owner and every acknowledged write', async ({ step, moment, by }) => {
    if (kindFor(await scene.owner()) !== kind) {
      await settled();
      const turned = await (kind === 'cutover' ? rollback : cutover)(options());
      expect([turned.outcome, turned.error?.message]).toEqual(['done', undefined]);
    }
    await settled();
    const before = await scene.owner();
    const writer = hammer(facade, ledger, 2);
    expect(await scene.crash(kind, { step, moment })).toBe('SIGKILL');
    const [left] = await unfinishedMoves(scene.control, 'shop');
    const flipped = protocol.findIndex((known) => known.name === step) > protocol.findIndex((known) => known.phase === 'flip') || (step === 'flip' && moment === 'acted');
    expect(left?.flipped).toBe(flipped);
    const after = flipped ? (before === 'monolith' ? 'service' : 'monolith') : before;
    if (by === 'recovery') {
      const recovery = await eventually('the lease runs out', async () => {
        const answer = await recoverMove(options());
        return answer.outcome !== 'busy' && answer;
      });
      expect(recovery.outcome).toBe(flipped ? 'completed' : 'aborted');
      expect(await scene.owner()).toBe(after);
    } else {
      const result = await eventually('the lease runs out', async () => {
        const answer = await (kind === 'cutover' ? cutover : rollback)(options());
        return answer.error?.code !== 'LEASE_HELD' && answer;
      });
      expect([result.outcome, result.error?.message]).toEqual(['done', undefined]);
      expect(await scene.owner()).toBe(before === 'monolith' ? 'service' : 'monolith');
    }
    await settled();
    await writer.stop();
    expect(await unfinishedMoves(scene.control, 'shop')).toEqual([]);
    expect(await consistentState(scene)).toEqual(oneOwner(await scene.owner()));
    await nothingLost();
  }, 30_000);
});

test('kill -9 with nobody to run a command: the worker recovers by itself', async () => {
  await settled();
  await scene.stopWorker();
  await scene.startWorker({ recover: true });
  for (const step of ['close-stream', 'unfence-target']) {
    await settled();
    expect(await scene.crash(kindFor(await scene.owner()), { step, moment: 'started' })).toBe('SIGKILL');
    await eventually('the worker recovers', async () => (await unfinishedMoves(scene.control, 'shop')).length === 0, 30_000);
    await settled();
    expect(await consistentState(scene)).toEqual(oneOwner(await scene.owner()));
  }
  await nothingLost();
}, 60_000);

test('two commands at once: one moves the context, the other is told who works', async () => {
  await settled();
  const move = kindFor(await scene.owner()) === 'cutover' ? cutover : rollback;
  const results = await Promise.all([move(options()), move({ ...options(), actor: 'second' })]);
  expect(results.map((result) => result.error?.code ?? result.outcome).sort()).toEqual(['LEASE_HELD', 'done']);
  await settled();
  expect(await consistentState(scene)).toEqual(oneOwner(await scene.owner()));
}, 30_000);
