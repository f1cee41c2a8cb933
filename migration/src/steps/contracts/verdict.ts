import { StranglerError } from '@strangler-toolkit/plan';
import { isOpen } from './required.ts';
import type { InteractionResult, SideResult } from './verifier.ts';

/** The side's address; or, where that answers, its source of messages. */
const whatIsSilent = (result: SideResult | undefined): string => {
  const first = result?.interactions.find(({ verdict }) => verdict === 'unreachable');
  return first?.mismatch.startsWith(result?.url ?? '')
    ? (result?.url ?? '')
    : (first?.mismatch ?? '');
};

/** What is broken stands before what could not be asked, and that before what was left out. */
export function throwUnlessKept({
  context,
  sides,
}: {
  readonly context: string;
  readonly sides: Readonly<Record<string, SideResult>>;
}): void {
  const having = (verdicts: readonly InteractionResult['verdict'][]): string[] =>
    Object.entries(sides)
      .filter(([, { interactions }]) =>
        interactions.some(({ verdict }) => verdicts.includes(verdict)),
      )
      .map(([side]) => side);
  const details = { context, sides };
  const broken = having(['broken']);
  if (broken.length > 0)
    throw new StranglerError(
      'PACTS_FAILED',
      `the pacts of ${context} fail on ${broken.join(' and ')}`,
      { details },
    );
  const silent = having(['unreachable']);
  if (silent.length > 0)
    throw new StranglerError(
      'PACTS_UNREACHABLE',
      `the pacts of ${context} could not be asked of ${silent.join(' and ')}: no answer at ` +
        silent.map((side) => whatIsSilent(sides[side])).join(', '),
      { details },
    );
  const unasked = Object.entries(sides).find(([, { interactions }]) => interactions.length === 0);
  if (unasked)
    throw new StranglerError(
      'PACTS_NOT_FOUND',
      `nothing was asked of ${unasked[0]}: all pacts of ${context} are messages that others publish`,
      { remedy: 'Name who publishes them with --side.', details },
    );
  const open = Object.entries(sides)
    .filter(([, { interactions }]) => interactions.some(isOpen))
    .map(([side]) => side);
  if (open.length === 0) return;
  const first = Object.values(sides)
    .flatMap(({ interactions }) => interactions)
    .find(isOpen);
  throw new StranglerError(
    'PACTS_NOT_VERIFIED',
    `not all pacts of ${context} were verified on ${open.join(' and ')}; the first: ` +
      `${first?.description ?? ''}: ${(first?.mismatch ?? '').split('\n')[0] ?? ''}`,
    { details },
  );
}
