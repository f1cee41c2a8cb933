import { expect } from '@jest/globals';
import { codeOf, type Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import {
  contextTables,
  cutover,
  fenceStatus,
  type MoveOptions,
  type MoveResult,
  rollback,
  type StepResult,
} from '../../src/cutover/index.ts';
import { connect } from '../../src/database/connect.ts';
import { caughtUp, type Shop } from '../worker/shop.ts';

export async function toCanary({ control: { contexts } }: Shop): Promise<void> {
  const stages = ['replicating', 'shadowing', 'canary'] as const;
  for (const [index, stage] of stages.entries()) {
    const expectedStage = stages[index - 1];
    if (expectedStage === (await contexts.require('goods')).stage)
      await contexts.setStage({ context: 'goods', expectedStage, stage });
  }
}

/** No facade runs, so nothing is held. */
export const moveOptions = (shop: Shop): MoveOptions => ({
  ...shop,
  actor: 'test',
  noFacade: true,
});

/** The whole protocol, after the stages before it; it waits for `references`. */
export async function giveToService(
  shop: Shop,
  references: readonly string[] = [],
): Promise<readonly SequenceSet[]> {
  await toCanary(shop);
  return moved(shop, await cutover({ ...moveOptions(shop), references }), 'service');
}

export const giveBack = async (shop: Shop): Promise<readonly SequenceSet[]> =>
  moved(shop, await rollback(moveOptions(shop)), 'monolith');

async function moved(shop: Shop, result: MoveResult, owner: Side): Promise<readonly SequenceSet[]> {
  expect([result.outcome, result.error?.message]).toEqual(['done', undefined]);
  await expectOwner(shop, owner);
  return sequencesSet(result.steps);
}

/** It alone may write its rows, and the stream from it has begun. */
export async function expectOwner(shop: Shop, owner: Side): Promise<void> {
  const other = owner === 'service' ? 'monolith' : 'service';
  const tables = contextTables(shop.definition);
  const [open, closed] = [
    await fenceStatus(shop[owner], 'goods', tables[owner]),
    await fenceStatus(shop[other], 'goods', tables[other]),
  ];
  expect([open.mode, closed.mode, closed.owner]).toEqual(['none', 'refuse', owner]);
  expect((await shop.control.contexts.require('goods')).owner).toBe(owner);
  await caughtUp(shop, owner === 'service' ? 'reverse' : 'forward');
}

export interface SequenceSet {
  readonly sequence: string;
  /** What it gives out next. */
  readonly next: number;
}

interface Looked extends SequenceSet {
  readonly changed: boolean;
}

export const sequencesSet = (
  steps: readonly Pick<StepResult, 'step' | 'detail'>[],
): readonly SequenceSet[] =>
  steps
    .filter(({ step }) => step === 'sequences')
    .flatMap(({ detail }) => detail.sequences as readonly Looked[])
    .filter(({ changed }) => changed)
    .map(({ sequence, next }) => ({ sequence, next: Number(next) }));

export const outcomeOf = (client: pg.Client, text: string): Promise<string> =>
  client.query(text).then(
    () => 'written',
    (error: unknown) => codeOf(error),
  );

/** Somebody who writes what no move is about, without end, meanwhile. */
export async function besideWrites<T>(
  url: string,
  write: (made: number) => string,
  work: () => Promise<T>,
): Promise<{ result: T; writes: number }> {
  const client = await connect(url, { applicationName: 'test' });
  let running = true;
  let writes = 0;
  const writer = (async () => {
    while (running) await client.query(write((writes += 1)));
  })();
  // what it says is heard in the end; until then it is not unhandled
  writer.catch(() => undefined);
  let result: T;
  try {
    result = await work();
  } finally {
    running = false;
    try {
      await writer;
    } finally {
      await client.end();
    }
  }
  return { result, writes };
}
