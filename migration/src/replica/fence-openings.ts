/** A trigger of a fence, or its clone on a partition, as the catalog has it. `version` changes with every ALTER of it. */
interface MarkedTrigger {
  readonly id: string;
  readonly table: string;
  readonly version: string;
  /** `tgenabled`: O in ordinary sessions, A always, D not at all. */
  readonly enabled: string;
  readonly clone: boolean;
}

/** What a fence hangs on. Plain data: it is stored when the fence is set, and compared with what is there later. */
export interface FenceMark {
  /** Of the server: what pg_upgrade or a restore makes has other versions of everything. */
  readonly system: string;
  readonly triggers: readonly MarkedTrigger[];
  /** The function that refuses. */
  readonly refuses: {
    readonly version: string;
    readonly body: string;
    /** Owner and grants: who changes them changes the version as well. */
    readonly rights: string;
  } | null;
}

/**
 * How a fence was opened since it was marked, one line for each table; empty: it held. Tables that went, and clones that went with
 * their partition, are for those who compare tables.
 */
export function openings(
  was: FenceMark,
  is: FenceMark,
  tableStands: (table: string) => boolean,
): string[] {
  if (was.triggers.length === 0) return [];
  if (was.system !== is.system)
    return ['the server is another one than the fence was set on (an upgrade or a restore)'];
  const told = was.triggers.flatMap(({ id, table, version, clone }): string[] => {
    const now = is.triggers.find((trigger) => trigger.id === id);
    if (now?.version === version) return [];
    if (now === undefined)
      return clone || !tableStands(table) ? [] : [`the fence of ${table} was dropped`];
    return now.enabled === 'D'
      ? [`the fence of ${table} was switched off`]
      : [`the fence of ${table} was switched off and on, or altered`];
  });
  return [...new Set([...functionOpenings(was, is), ...told])];
}

/** What is there, as the next look compares it: a trigger that was switched off must be seen when it is switched on. */
export const nextMark = ({ triggers, ...is }: FenceMark, was?: FenceMark): FenceMark => ({
  ...is,
  triggers: triggers.filter(
    ({ id, enabled }) => enabled !== 'D' || was?.triggers.some((one) => one.id === id),
  ),
});

function functionOpenings({ refuses: was }: FenceMark, { refuses: is }: FenceMark): string[] {
  if (was === null || is?.version === was.version) return [];
  if (is?.body !== was.body) return ['the function of the fence is another one'];
  return is.rights === was.rights ? ['the function of the fence was replaced, and put back'] : [];
}
