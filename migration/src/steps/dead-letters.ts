import {
  directionFrom,
  type MigrationDefinition,
  otherSide,
  StranglerError,
  replicates,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { dropDeadLetter, replayDeadLetter } from '../apply/dead-letters.ts';
import { listDeadLetters } from '../replica/dead-letters.ts';
import { loadMapping } from '../mapping/load.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface DeadLetterOptions {
  readonly context: string;
  readonly action: 'list' | 'show' | 'replay' | 'drop';
  readonly ids?: readonly string[];
  readonly all?: boolean;
}

/** Dead letters lie on the side that replication writes to. */
async function onTarget<T>(
  kit: Toolkit,
  definition: MigrationDefinition,
  work: (client: pg.Client, direction: 'forward' | 'reverse', epoch: number) => Promise<T>,
): Promise<T> {
  if (!replicates(definition.data))
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${definition.context} has data '${definition.data}': nothing is applied, so nothing can fail`,
    );
  const row = await kit.row(definition);
  return kit.withDatabase(definition, otherSide(row.owner), (client) =>
    work(client, directionFrom(row.owner), row.epoch),
  );
}

const chosen = <T extends { readonly id: string }>(
  letters: readonly T[],
  options: DeadLetterOptions,
): T[] => {
  if (options.all) return [...letters];
  if (!options.ids?.length) throw new StranglerError('USAGE', 'Name the ids, or use --all');
  return options.ids.map((id) => {
    const letter = letters.find((candidate) => String(candidate.id) === id);
    if (!letter)
      throw new StranglerError(
        'USAGE',
        `There is no open dead letter ${id} of ${options.context}; open: ` +
          `${letters.map((candidate) => String(candidate.id)).join(', ') || 'none'}`,
      );
    return letter;
  });
};

export interface DeadLettersResult {
  readonly context: string;
  readonly deadLetters: readonly unknown[];
}

export const deadLetters: Step<DeadLetterOptions, DeadLettersResult> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    return onTarget(kit, definition, async (client, direction, epoch) => {
      const letters = await listDeadLetters(client, { context: options.context, direction });
      if (options.action === 'list') return { context: options.context, deadLetters: letters };
      const picked = chosen(letters, options);
      if (options.action === 'show') return { context: options.context, deadLetters: picked };
      const control = await kit.control();
      return kit.withLease(options.context, `dead-letters ${options.action}`, async (lease) => {
        const mapping = await kit.withDatabase(definition, 'monolith', (monolith) =>
          kit.withDatabase(definition, 'service', (service) =>
            loadMapping(definition, monolith, service),
          ),
        );
        const settled = new Set<string>();
        for (const letter of picked) {
          // What waited behind the same row goes with it.
          if (settled.has(letter.id)) continue;
          await lease.check();
          const choice = {
            client,
            mapping,
            context: options.context,
            direction,
            epoch,
            id: letter.id,
          };
          if (options.action === 'replay')
            for (const id of (await replayDeadLetter(choice)).replayed) settled.add(id);
          else await dropDeadLetter(choice);
          await control.journal.append({
            context: options.context,
            actor: kit.actor,
            step: `dead-letter-${options.action}`,
            status: 'done',
            detail: { id: String(letter.id) },
          });
          kit.tell(
            'dead-letters',
            `${options.action === 'replay' ? 'replayed' : 'dropped'} ${letter.id}`,
            'done',
          );
        }
        return { context: options.context, deadLetters: picked };
      });
    });
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    return onTarget(kit, definition, async (client, direction) => {
      const picked = chosen(
        await listDeadLetters(client, { context: options.context, direction }),
        options,
      );
      return planned(
        picked.map((letter) => ({ action: options.action, detail: String(letter.id) })),
      );
    });
  },
};
