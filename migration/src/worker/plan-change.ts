import { isDeepStrictEqual } from 'node:util';
import type { MigrationDefinition, SideSettings } from '@strangler-toolkit/plan';

/** What facades, commands and gates read of a context file, and no stream. */
const besideStream = new Set([
  'identity',
  'routes',
  'noWriteRoutes',
  'standInSeconds',
  'contracts',
  'gates',
  'cutover',
] as const satisfies readonly (keyof MigrationDefinition)[]) as ReadonlySet<string>;
const besideOfSide = new Set([
  'url',
  'health',
  'buildPath',
] as const satisfies readonly (keyof SideSettings)[]) as ReadonlySet<string>;

export interface PlanChange {
  /** Names of the fields that are others: `gates`, `service.url`. Empty: it says the same. */
  readonly fields: readonly string[];
  /** Whether a stream rests on one of them. What is not known here is taken for such a one. */
  readonly renews: boolean;
}

const changed = (before: object, after: object): string[] => {
  const [was, is] = [before, after].map((value) => new Map<string, unknown>(Object.entries(value)));
  const names = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])]);
  return [...names].filter((name) => !isDeepStrictEqual(was?.get(name), is?.get(name)));
};

/** What another reading of a context file means for the worker of that context. */
export function planChange(before: MigrationDefinition, after: MigrationDefinition): PlanChange {
  const fields: string[] = [];
  let renews = false;
  for (const field of changed(before, after)) {
    if (field === 'monolith' || field === 'service') {
      const ofSide = changed(before[field], after[field]);
      fields.push(...ofSide.map((name) => `${field}.${name}`));
      renews ||= ofSide.some((name) => !besideOfSide.has(name));
    } else {
      fields.push(field);
      renews ||= !besideStream.has(field);
    }
  }
  return { fields, renews };
}
