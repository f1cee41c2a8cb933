import { expect } from '@jest/globals';
import type { Failure } from './failure.ts';
import { beginJob, endJob, fenceWaits } from './night.ts';
import type { Stack } from './stack.ts';

const cutover = { type: 'strangler cutover catalog --yes' } as const;

/** Nothing happened: who owns, the fence and the hold are as they were. */
const nothingHappened = async (stack: Stack): Promise<void> => {
  expect(await stack.status()).toMatchObject({ owner: 'monolith', held: false, working: null });
  expect((await stack.ask('POST', '/api/products')).status).toBe(201);
};

export const barred: readonly Failure[] = [
  {
    name: 'a transaction that does not end bars a cutover',
    provoke: beginJob,
    mend: endJob,
    answer: {
      ...cutover,
      once: true,
      exit: 1,
      code: 'FENCE_TIMEOUT',
      says: 'attempts to lock "public"."products" failed; …nightly job',
    },
    besides: nothingHappened,
    status: [],
    doctor: [],
    todo: 'end the transaction that is named, cut over again; nothing happened',
  },
  {
    name: 'Ctrl-C in a command that is at work',
    provoke: beginJob,
    mend: endJob,
    answer: {
      ...cutover,
      interrupt: fenceWaits,
      exit: 130,
      code: 'CANCELLED',
      says: 'the move was cancelled before the owner changed',
    },
    besides: nothingHappened,
    status: [],
    doctor: [],
    todo: 'nothing: what held before holds; the same command again',
  },
];
