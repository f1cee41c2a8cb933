import { expect } from '@jest/globals';
import type { CliResult } from '../../migration/test/support/cli.ts';
import type { Failure } from './failure.ts';
import { beginJob, endJob, fenceWaits } from './night.ts';
import type { Stack } from './stack.ts';

const cutover = { type: 'strangler cutover catalog --yes' } as const;

/** Nothing happened: who owns, the fence and the hold are as they were. */
const nothingHappened = async (stack: Stack): Promise<void> => {
  expect(await stack.status()).toMatchObject({ owner: 'monolith', held: false, working: null });
  expect((await stack.ask('POST', '/api/products')).status).toBe(201);
};

/** What a second command was told while the first was in the middle of its move. */
let second: CliResult | undefined;

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
      interrupt: async (stack) => {
        await fenceWaits(stack);
        second = await stack.type(['cutover', 'catalog', '--yes']);
      },
      exit: 130,
      code: 'CANCELLED',
      says: 'the move was cancelled before the owner changed',
    },
    besides: async (stack) => {
      // and of nothing else, such as gates or a move that was left in the middle
      expect([second?.code, second?.stderr]).toEqual([
        1,
        expect.stringMatching(/^LEASE_HELD: .*catalog.*\n.*\n$/),
      ]);
      await nothingHappened(stack);
    },
    status: [],
    doctor: [],
    todo: 'nothing: what held before holds; the same command again',
  },
];
