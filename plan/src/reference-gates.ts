import { deadLetters, decisions, initialCopy, lag, verified } from './data-gates.ts';
import type { GateFacts, ReferenceFact } from './gate-facts.ts';
import { askDoctor, type Gate, result } from './gate-result.ts';
import type { GateSettings } from './migration.ts';
import type { Move } from './stages.ts';

/** What a reference must show before a context that reads it makes a move. */
const asked = (move: Move): readonly Gate[] => [
  initialCopy,
  lag,
  verified(move === 'cutover'),
  deadLetters,
  ...(move === 'cutover' ? [decisions] : []),
];

/** How a reference stands for a context that reads it: by its own facts and settings, the first thing that is missing. */
export function judgeReference(
  move: Move,
  facts: GateFacts,
  settings: Required<GateSettings>,
): ReferenceFact {
  const { context } = facts;
  const missing = asked(move)
    .map((gate) => gate(facts, settings))
    .find(({ ok }) => !ok);
  if (missing === undefined) return { context };
  const { gate, actual, remedy, command } = missing;
  return {
    context,
    problem: `${gate}: ${actual}`,
    remedy,
    ...(command !== undefined && { command }),
  };
}

/** A service that reads rows which are not those of the monolith answers wrong, whatever its own rows are. */
export const references: Gate = ({ context, reads = [], references: found }) => {
  const gate = {
    gate: 'references',
    expected: `alike, within the limits of each: ${reads.join(', ')}`,
    ...askDoctor(context),
  } as const;
  const unknown = reads.find((name) => !found?.some((one) => one.context === name));
  if (found === undefined || unknown !== undefined)
    return result({ ...gate, ok: false, actual: `${unknown ?? 'it'} is not known` });
  const missing = found.filter(({ problem }) => problem !== undefined);
  const [first] = missing;
  return result({
    ...gate,
    ok: first === undefined,
    actual:
      missing.map((one) => `${one.context}: ${one.problem}`).join('; ') ||
      `${reads.join(', ')}: alike`,
    ...(first?.remedy !== undefined && { remedy: first.remedy }),
    ...(first?.command !== undefined && { command: first.command }),
  });
};

/** Without its stream a reference grows old where somebody reads it. */
export const readers: Gate = ({ context, readers: found }) =>
  result({
    gate: 'readers',
    ok: found?.length === 0,
    actual:
      found === undefined
        ? 'not known'
        : found.length === 0
          ? 'nobody'
          : `read by ${found.join(', ')}`,
    expected: 'no context reads it that is past stage replicating',
    remedy: `Roll these back first, or take ${context} out of their reads.`,
  });

/** After the retirement nothing comes back to the monolith's tables, and what is carried on from there would look alike for ever. */
export const carriers: Gate = ({ readers: found = [] }) =>
  result({
    gate: 'readers',
    ok: found.length === 0,
    actual: found.length === 0 ? 'nobody' : `carried on by ${found.join(', ')}`,
    expected:
      "no reference or projection takes its rows from the monolith's tables, which grow old",
    remedy: 'Give those who read them another way, and roll these back to stage monolith.',
  });
