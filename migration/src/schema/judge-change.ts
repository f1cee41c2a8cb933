import { directions, type StranglerError } from '@strangler-toolkit/plan';
import type { SchemaChange } from './change.ts';
import { changedTypes, retypedConditions } from '../mapping/changed-types.ts';
import { whatChanged } from '../identity/what-changed.ts';
import { bySeriousness, type SchemaFinding } from './finding.ts';
import { passing } from './passing.ts';
import { misfit } from './misfit.ts';
import { retyped } from './retyped.ts';

const unique = <T>(items: readonly T[], key: (item: T) => string): T[] => [
  ...new Map(items.map((item) => [key(item), item])).values(),
];

/** What a change of a schema will do to a context that replicates, the most serious first. */
export function judgeChange(change: SchemaChange): readonly SchemaFinding[] {
  const { before, after } = change;
  const known = new Set(before.problems.map(({ message }) => message));
  const misfits = after.problems
    .filter(({ message }: StranglerError) => !known.has(message))
    .map((problem) => misfit(change, problem));
  const types = unique(
    directions.flatMap((direction) =>
      changedTypes(before.mapping, after.mapping, direction).map((changed) => ({
        changed,
        direction,
      })),
    ),
    ({ changed }) => changed.line,
  )
    .filter(({ changed }) => misfits.every(({ line }) => line !== changed.line))
    .map(({ changed, direction }) => retyped(change, changed, direction));
  const asked = after.open
    .filter(({ about }) => before.open.every((one) => one.about !== about))
    .map(({ kind, about, problem, remedy }): SchemaFinding => ({
      // sides get their constraints one after the other: the stream goes on, and a cutover asks what is missing then
      effect: kind === 'constraint' ? 'passes' : 'asks',
      table: null,
      column: null,
      line: null,
      what: `${about}: ${problem}`,
      steps: [{ phase: 'mapping', side: null, text: remedy }],
    }));
  const conditions = retypedConditions(before.mapping, after.mapping)
    .filter((one) => misfits.every(({ line }) => line !== one.line))
    .map(({ problem, ...place }): SchemaFinding => ({
      effect: 'stops',
      ...place,
      what: problem,
      steps: [
        {
          phase: 'mapping',
          side: null,
          text: `Write in ${place.line} what the column holds then, and start the worker again`,
        },
      ],
    }));
  const told = [...misfits, ...types, ...conditions];
  const found = [...told, ...unseen(change, told)];
  return [...found, ...asked, ...passing(change, found)].sort(bySeriousness);
}

/** What no event tells, and the worker finds by itself. */
function unseen(
  { before, after, same, side }: SchemaChange,
  told: readonly SchemaFinding[],
): SchemaFinding[] {
  if (!same) return [];
  return whatChanged(before.identity, after.identity)
    .filter(({ severity }) => severity !== 'void')
    .filter(({ table }) => told.every((one) => one.table !== table))
    .map(({ severity, table, text }): SchemaFinding => ({
      effect: severity === 'stop' ? 'stops' : 'rereads',
      table,
      column: null,
      line: null,
      what: text,
      steps:
        severity === 'stop'
          ? [
              {
                phase: 'expand',
                side,
                text:
                  `Change ${table ?? 'the table'} in place instead of exchanging it, or plan for ` +
                  'strangler replicate --reread, which compares it whole',
              },
            ]
          : [],
    }));
}
