import { cutoverSettings, type Side } from '@strangler-toolkit/plan';
import { movePlan } from '../../src/cutover/move-plan.ts';
import type { MoveState, StepMoment } from '../../src/cutover/move-state.ts';

type Row = Readonly<Record<string, unknown>>;

/** What a data database answers: the first entry whose words stand in the statement. */
export type Answers = readonly (readonly [RegExp, readonly Row[] | (() => readonly Row[])])[];

/** What is not waited for comes too late to be seen in its place. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/**
 * A move whose databases are lists of answers, for what a step decides; what it does to a real database is asked elsewhere.
 * `said`: every statement, with its side, in order, and what was told to the control database.
 */
export function fakeMove(
  more: Partial<Omit<MoveState, 'control'>> & { control?: Readonly<Record<string, unknown>> } = {},
  answers: Partial<Record<Side, Answers>> = {},
) {
  const said: string[] = [];
  const values: unknown[][] = [];
  const asked: Record<Side, number> = { monolith: 0, service: 0 };
  const client = (side: Side) => ({
    query: async (text: string, given: unknown[] = []) => {
      // Nobody waits for the one before.
      if (asked[side] > 0) said.push(`${side}: at once`);
      asked[side] += 1;
      await turn();
      asked[side] -= 1;
      said.push(`${side}: ${text.replace(/\s+/g, ' ').trim()}`);
      values.push(given);
      const found = answers[side]?.find(([words]) => words.test(text))?.[1] ?? [];
      const rows = typeof found === 'function' ? found() : found;
      return { rows, rowCount: rows.length };
    },
  });
  const move = {
    plan: movePlan('cutover'),
    definition: { context: 'catalog' },
    settings: cutoverSettings({ context: 'catalog' } as MoveState['definition']),
    moveId: 'the-move',
    actor: 'someone',
    epoch: 3,
    guard: { context: 'catalog', control: 'c', number: '7' },
    tables: {
      from: [{ schema: 'public', table: 'products' }],
      to: [{ schema: 'public', table: 'goods' }],
    },
    noFacade: false,
    signal: new AbortController().signal,
    onStep: async ({ step, moment }: StepMoment) => {
      await turn();
      said.push(`${step} ${moment}`);
    },
    deadline: undefined,
    heldAt: undefined,
    stop: undefined,
    mapping: undefined,
    writePauseMs: undefined,
    identity: undefined,
    lease: { context: 'catalog', token: 'the-token' },
    sides: {
      client: async (side: Side) => client(side),
      url: (side: Side) => `postgresql://${side}`,
    },
    ...more,
  } as unknown as MoveState;
  return { move, said, values };
}
