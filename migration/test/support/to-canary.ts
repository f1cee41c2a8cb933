import type { Control } from '../../src/control/index.ts';

/** From replicating on, without the gates: for tests that begin with a cutover. */
export async function toCanary(control: Control, context: string): Promise<void> {
  for (const [expectedStage, stage] of [
    ['replicating', 'shadowing'],
    ['shadowing', 'canary'],
  ] as const)
    await control.contexts.setStage({ context, expectedStage, stage });
}
