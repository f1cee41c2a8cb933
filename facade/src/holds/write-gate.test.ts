import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { OwnerStates } from '../ownership/owner-states.ts';
import { type Admission, WriteGate } from './write-gate.ts';

const row = {
  context: 'items',
  dataKind: 'replicated',
  stage: 'canary',
  owner: 'monolith',
  epoch: 1n,
  holdId: null,
  holdLeftMs: null,
} as const;
const never = new AbortController().signal;

function scene(limits = { maxWaiting: 2, maxWaitMs: 60_000 }) {
  const states = new OwnerStates(new Map([['items', 'replicated']]));
  const drained: string[] = [];
  const gate = new WriteGate(states, limits, (context) => drained.push(context));
  states.merge(row);
  const hold = () => states.merge({ ...row, holdId: 'h', holdLeftMs: 60_000 });
  return { states, gate, drained, hold, enter: (signal = never) => gate.enter('items', signal) };
}
const admitted = (admission: Admission) => {
  if (!admission.admitted) throw new Error(`not admitted: ${admission.reason}`);
  return admission;
};

describe('a write at the gate', () => {
  test('waits while its context is held and goes to whoever owns it then', async () => {
    const { states, gate, hold, enter } = scene();
    hold();
    const waiting = enter();
    expect(gate.waiting('items')).toBe(1);
    states.merge({ ...row, owner: 'service', stage: 'service', epoch: 2n });
    const { state, leave } = admitted(await waiting);
    expect(state).toMatchObject({ owner: 'service', epoch: 2n });
    expect([gate.waiting('items'), gate.inFlight('items')]).toEqual([0, 1]);
    leave();
    expect(gate.inFlight('items')).toBe(0);
  });

  test('that left while nothing was held has drained nothing', async () => {
    const { gate, drained, enter } = scene();
    expect(gate.drained('items')).toBe(false);
    admitted(await enter()).leave();
    expect([gate.drained('items'), drained]).toEqual([false, []]);
  });

  test('under way keeps a hold from being drained until it leaves, once', async () => {
    const { gate, drained, hold, enter } = scene();
    const { leave } = admitted(await enter());
    hold();
    expect(gate.drained('items')).toBe(false);
    leave();
    leave();
    expect(gate.drained('items')).toBe(true);
    expect(drained).toEqual(['items']);
  });

  test('is one of many: all that wait go on together, and the hold is drained with the last that leaves', async () => {
    const { states, gate, drained, hold, enter } = scene({ maxWaiting: 9, maxWaitMs: 60_000 });
    hold();
    const waiting = [enter(), enter(), enter()];
    expect(gate.waiting('items')).toBe(3);
    states.merge(row);
    const under = (await Promise.all(waiting)).map(admitted);
    expect([gate.waiting('items'), gate.inFlight('items')]).toEqual([0, 3]);
    hold();
    for (const { leave } of under) {
      expect([gate.drained('items'), drained]).toEqual([false, []]);
      leave();
      leave();
    }
    expect([gate.drained('items'), drained]).toEqual([true, ['items']]);
  });

  test('leaves nothing behind on the signal of its client, and is counted where it is', async () => {
    const { gate, states, hold, enter } = scene();
    expect([gate.waiting('items'), gate.inFlight('items')]).toEqual([0, 0]);
    const client = new AbortController();
    hold();
    const waiting = enter(client.signal);
    expect(getEventListeners(client.signal, 'abort')).toHaveLength(1);
    states.merge(row);
    const { waitedMs, leave } = admitted(await waiting);
    expect(getEventListeners(client.signal, 'abort')).toHaveLength(0);
    expect(waitedMs).toBeGreaterThanOrEqual(0);
    leave();
    expect(await enter(AbortSignal.abort())).toEqual({ admitted: false, reason: 'gone' });
  });

  test('waits on when something else than the hold changes, and goes when the hold ends by itself', async () => {
    const { gate, states, enter } = scene();
    states.merge({ ...row, holdId: 'h', holdLeftMs: 60_000 });
    const waiting = enter();
    states.merge({ ...row, stage: 'shadowing', holdId: 'h', holdLeftMs: 30 });
    await new Promise((resolve) => setImmediate(resolve));
    expect([gate.waiting('items'), gate.inFlight('items')]).toEqual([1, 0]);
    states.merge({ ...row, holdId: 'i', holdLeftMs: 30 });
    admitted(await enter()).leave();
    states.merge(row);
    admitted(await waiting).leave();
    expect(gate.drained('items')).toBe(false);
  });

  test('is refused when too many wait, when it waited too long and when its client left', async () => {
    const { gate, hold, enter } = scene({ maxWaiting: 1, maxWaitMs: 60_000 });
    hold();
    const client = new AbortController();
    const waiting = enter(client.signal);
    expect(await enter()).toEqual({ admitted: false, reason: 'full' });
    client.abort();
    expect(await waiting).toEqual({ admitted: false, reason: 'gone' });
    expect(gate.waiting('items')).toBe(0);
    const impatient = scene({ maxWaiting: 1, maxWaitMs: 1 });
    impatient.hold();
    expect(await impatient.enter()).toEqual({ admitted: false, reason: 'timeout' });
  });
});
