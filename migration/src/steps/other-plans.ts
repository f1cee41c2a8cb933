import { createHash } from 'node:crypto';
import type { Control } from '../control/index.ts';
import { type MigrationDefinition, planMark, readInstanceDetail } from '@strangler-toolkit/plan';

/** Names of facades that serve a context by another file than this one; one of an earlier release does not tell. */
export function otherPlans(
  definition: MigrationDefinition,
  facades: readonly { readonly name: string; readonly detail: unknown }[],
): string[] {
  const plan = planMark(definition, (text) => createHash('sha256').update(text).digest('hex'));
  return facades.flatMap(({ name, detail }) => {
    const { plans } = readInstanceDetail(detail);
    return plans === undefined || plans[definition.context] === plan ? [] : [name];
  });
}

export async function aliveWithOtherPlan(
  control: Control,
  definition: MigrationDefinition,
): Promise<string[]> {
  const instances = await control.instances.forContext(definition.context);
  return otherPlans(
    definition,
    instances.filter((instance) => instance.alive),
  );
}
