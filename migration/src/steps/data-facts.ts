import {
  directionFrom,
  type Finding,
  type GateFacts,
  isStranglerError,
  type MigrationDefinition,
  otherSide,
} from '@strangler-toolkit/plan';
import type { ContextRow, Control } from '../control/index.ts';
import { retryText, workerEnded, workerRetry } from '../findings/worker-retry.ts';
import { countDeadLettersIfAny } from '../replica/dead-letters.ts';
import { decisionsFinding } from '../surroundings/index.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Toolkit } from './toolkit.ts';

/** A check that throws what is wrong. */
export const finding = async (check: () => Promise<unknown>): Promise<Finding> => {
  try {
    await check();
    return true;
  } catch (error) {
    if (isStranglerError(error))
      return { problem: `${error.code}: ${error.message}`, remedy: error.remedy };
    return { problem: error instanceof Error ? error.message : String(error) };
  }
};

/** The side that replication writes to holds the dead letters; `problem` says why it cannot be asked. */
export async function askDeadLetters(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
): Promise<{ readonly open?: number; readonly problem?: string }> {
  try {
    const open = await kit.withDatabase(definition, otherSide(row.owner), (client) =>
      countDeadLettersIfAny(client, definition.context),
    );
    return { open };
  } catch (error) {
    if (isStranglerError(error)) return { problem: `${error.code}: ${error.message}` };
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** What lies around the mapped rows. */
export const decisionsFact = (kit: Toolkit, definition: MigrationDefinition): Promise<Finding> =>
  surroundingsOf(kit, definition)
    .then(decisionsFinding)
    .catch((error: unknown) => finding(() => Promise.reject(error)));

/** How far the stream towards the side that does not own is. */
export async function streamFacts(
  control: Control,
  row: ContextRow,
): Promise<
  Pick<GateFacts, 'copyComplete' | 'workerAlive' | 'workerRetry' | 'workerEnded' | 'lagSeconds'>
> {
  const watermark = await control.watermarks.get(row.context, directionFrom(row.owner));
  const ours = watermark?.epoch === row.epoch ? watermark : undefined;
  const retry = ours && workerRetry(ours);
  // of a table that the file maps and the worker does not stream, its lag says nothing
  const whole = watermark?.detail.notTaken === undefined;
  const lagSeconds = whole ? watermark?.lagSeconds : undefined;
  return {
    copyComplete:
      watermark !== undefined &&
      watermark.epoch === row.epoch &&
      watermark.appliedLsn !== null &&
      watermark.state !== 'copying',
    workerAlive: ours?.workerAlive === true,
    ...(retry?.heard && { workerRetry: { code: retry.code, text: retryText(retry) } }),
    ...(ours && { workerEnded: workerEnded(ours) }),
    ...(lagSeconds !== null && lagSeconds !== undefined && { lagSeconds }),
  };
}
