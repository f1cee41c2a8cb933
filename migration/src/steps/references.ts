import {
  carriesOn,
  type GateFacts,
  gateSettings,
  isOneWay,
  judgeReference,
  type MigrationDefinition,
  type Move,
  type ReferenceFact,
  StranglerError,
  streamsAt,
} from '@strangler-toolkit/plan';
import type { ContextRow } from '../control/index.ts';
import { askDeadLetters, decisionsFact, streamFacts } from './data-facts.ts';
import { verificationFact } from './evidence-facts.ts';
import type { Toolkit } from './toolkit.ts';

/** What the gates of a reference's readers ask about it; its own evidence, of its own stream. */
async function factsOf(
  kit: Toolkit,
  reference: MigrationDefinition,
  move: Move,
): Promise<GateFacts> {
  const control = await kit.control();
  const row = await kit.row(reference);
  const letters = streamsAt(row.stage) ? await askDeadLetters(kit, reference, row) : undefined;
  return {
    context: reference.context,
    data: reference.data,
    stage: row.stage,
    ...(await streamFacts(control, row)),
    verification: await verificationFact(kit, reference, row),
    openDeadLetters: letters?.open,
    ...(move === 'cutover' && { decisions: await decisionsFact(kit, reference) }),
  };
}

/** How the references that a context reads stand, for a move of that context. */
export const referenceFacts = async (
  kit: Toolkit,
  definition: MigrationDefinition,
  move: Move,
): Promise<ReferenceFact[]> => (await judgeReads(kit, definition, move)).map(({ fact }) => fact);

/** Those whose rows come from the same monolith database as the context's own: their positions can be compared. */
export async function referencesBeside(
  kit: Toolkit,
  { reads = [], monolith }: MigrationDefinition,
): Promise<string[]> {
  const definitions = await Promise.all(reads.map((name) => kit.definition(name)));
  const ours = JSON.stringify(monolith.database);
  return definitions
    .filter((reference) => JSON.stringify(reference.monolith.database) === ours)
    .map(({ context }) => context);
}

/** A reference as `status` shows it, whatever the stage of who reads it. */
export type ReadReference = ReferenceFact & { readonly lagSeconds: number | null };

export const readReferences = async (
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<ReadReference[]> =>
  (await judgeReads(kit, definition, 'shadow')).map(({ facts, fact }) => ({
    ...fact,
    lagSeconds: facts.lagSeconds ?? null,
  }));

async function judgeReads(
  kit: Toolkit,
  { reads = [] }: MigrationDefinition,
  move: Move,
): Promise<{ readonly facts: GateFacts; readonly fact: ReferenceFact }[]> {
  const judged = [];
  for (const name of reads) {
    const reference = await kit.definition(name);
    const facts = await factsOf(kit, reference, move);
    judged.push({ facts, fact: judgeReference(move, facts, gateSettings(reference)) });
  }
  return judged;
}

/** Contexts that read a reference, with their stage; `gated`: those that comparisons or clients reach already. */
export async function readersOf(
  kit: Toolkit,
  reference: MigrationDefinition,
  { gated = false } = {},
): Promise<string[]> {
  const readers: string[] = [];
  for (const definition of await kit.neighbours(reference)) {
    const { stage } = await kit.row(definition);
    if (!gated || (stage !== 'monolith' && stage !== 'replicating'))
      readers.push(`${definition.context} (${stage})`);
  }
  return readers;
}

/** References and projections that carry rows of a context's monolith tables on, wherever to, with their stage. */
export async function carriersOf(kit: Toolkit, definition: MigrationDefinition): Promise<string[]> {
  const carriers: string[] = [];
  for (const { definition: other } of (await kit.contexts()).values()) {
    if (!carriesOn(other, definition)) continue;
    const { stage } = await kit.row(other);
    if (streamsAt(stage)) carriers.push(`${other.context} (${stage})`);
  }
  return carriers;
}

/** What speaks against emptying a context's copy. */
export async function readUnder(
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<StranglerError | undefined> {
  if (definition.data !== 'reference') return undefined;
  const readers = await readersOf(kit, definition, { gated: true });
  if (readers.length === 0) return undefined;
  const { context } = definition;
  return new StranglerError(
    'GATE_REFUSED',
    `${context} is read by ${readers.join(', ')}: --restart empties its tables in the service until they are copied again`,
    {
      remedy:
        `Roll these back first; strangler verify ${context} --repair mends single rows, and strangler resync ${context} ` +
        'reads a table again without emptying it. To empty them all the same: ' +
        `strangler replicate ${context} --restart --force --reason "why", which is journaled.`,
      details: { readers },
    },
  );
}

/**
 * A file can make a reference or a projection of what a service owns already.
 * @throws StranglerError CONFIG_INVALID
 */
export function refuseOwned({ context, data }: MigrationDefinition, row: ContextRow): void {
  if (!isOneWay(data) || row.owner === 'monolith') return;
  throw new StranglerError(
    'CONFIG_INVALID',
    `${context} has data '${data}', and the service owns it since epoch ${row.epoch}`,
    {
      remedy:
        "Put data 'replicated' back in its file; roll it back first if the monolith shall own it.",
    },
  );
}
