import { StranglerError } from '@strangler-toolkit/plan';
import { pauseCopy } from '../replica/copies.ts';
import { hasTable, installReplicaSchema } from '../replica/schema.ts';
import { planned, type Step } from './step.ts';

export interface PauseCopyOptions {
  readonly context: string;
  /** False: it goes on. */
  readonly paused: boolean;
}

export type PauseCopyResult = PauseCopyOptions;

/** Tells the initial copy of a context to wait, whoever makes it, or to go on. */
export const pauseCopyStep: Step<PauseCopyOptions, PauseCopyResult> = {
  async execute(kit, { context, paused }) {
    const definition = await kit.definition(context);
    await kit.row(definition);
    const found = await kit.withDatabase(definition, 'service', async (client) => {
      if (!(await hasTable(client, 'copies'))) return false;
      await installReplicaSchema(client);
      return pauseCopy(client, context, paused);
    });
    if (!found)
      throw new StranglerError(
        'MOVE_NOT_ALLOWED',
        `${context}: there is no initial copy under way that could be ${paused ? 'paused' : 'resumed'}`,
      );
    const control = await kit.control();
    await control.watermarks.notePaused(context, paused);
    await control.journal.append({
      context,
      actor: kit.actor,
      step: paused ? 'pause-copy' : 'resume-copy',
      status: 'done',
    });
    return { context, paused };
  },
  async dryRun(kit, { context, paused }) {
    await kit.definition(context);
    return planned([
      paused
        ? 'the copy waits before its next range; the slot goes on keeping the log of the monolith'
        : 'the copy reads what is missing',
    ]);
  },
};
