import {
  type MigrationDefinition,
  StranglerError,
  streamsAt,
  steersAt,
} from '@strangler-toolkit/plan';
import { streamFacts } from './data-facts.ts';
import { readersOf } from './references.ts';
import { requireIdle, restart } from './restart.ts';
import type { Toolkit } from './toolkit.ts';
import { work } from './work.ts';

/** @throws StranglerError USAGE */
export function requireProjection({ context, data }: MigrationDefinition): void {
  if (data === 'projection') return;
  throw new StranglerError(
    'USAGE',
    `--rebuild is for data 'projection', and ${context} has data '${data}'`,
    {
      remedy: `strangler replicate ${context} --restart says what would be copied anew: try it with --dry-run.`,
    },
  );
}

interface Sources {
  /** Copied anew with it: nobody else shows anything of them. */
  readonly own: readonly MigrationDefinition[];
  /** Left alone, with those that read them. */
  readonly shared: readonly { readonly context: string; readonly readers: readonly string[] }[];
}

/** What a projection reads beside its own tables, in its own database. */
export async function sourcesOf(kit: Toolkit, definition: MigrationDefinition): Promise<Sources> {
  const own: MigrationDefinition[] = [];
  const shared: Sources['shared'][number][] = [];
  for (const name of definition.reads ?? []) {
    const reference = await kit.definition(name);
    const { stage } = await kit.row(reference);
    if (!streamsAt(stage)) continue;
    const readers = (await readersOf(kit, reference, { gated: true })).filter(
      (reader) => !reader.startsWith(`${definition.context} (`),
    );
    if (readers.length === 0) own.push(reference);
    else shared.push({ context: name, readers });
  }
  return { own, shared };
}

/**
 * Empties a projection with all that only it shows, and copies the latter again; its own tables are copied by the worker that
 * begins afterwards. Its watermark goes first: from then on, and until the last copy is there, its reads have the monolith.
 * @throws StranglerError MOVE_NOT_ALLOWED, WORKER_ALREADY_RUNNING, CONTROL_FELL_BACK
 */
export async function rebuild(kit: Toolkit, definition: MigrationDefinition): Promise<void> {
  const { own, shared } = await sourcesOf(kit, definition);
  // all of them are asked before the first row goes
  for (const one of [definition, ...own]) await requireIdle(kit, one);
  for (const { context, readers } of shared)
    kit.tell('rebuild', `${context} stays as it is: ${readers.join(', ')} read it as well`, 'note');
  await restart(kit, definition);
  const reason = `rebuild of ${definition.context}`;
  for (const one of own) await restart(kit, one, { force: true, reason });
  for (const one of own) {
    kit.tell(`copy ${one.context}`, `copy ${one.context} anew`, 'started');
    await work(kit, one, { untilCaughtUp: true });
    kit.tell(`copy ${one.context}`, `${one.context} is copied anew`, 'done');
  }
}

/**
 * A rebuild that was killed leaves what it reads empty, and once its own rows were there clients would see it.
 * @throws StranglerError GATE_REFUSED
 */
export async function requireWholeSources(
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<void> {
  const control = await kit.control();
  const row = await kit.row(definition);
  if (definition.data !== 'projection' || !steersAt(row.stage)) return;
  if ((await streamFacts(control, row)).copyComplete) return;
  for (const name of definition.reads ?? []) {
    const reference = await kit.row(await kit.definition(name));
    if ((await streamFacts(control, reference)).copyComplete) continue;
    throw new StranglerError(
      'GATE_REFUSED',
      `${definition.context} has no rows, and neither has ${name}, which it reads: a rebuild did not end`,
      { remedy: `strangler replicate ${definition.context} --rebuild begins it again.` },
    );
  }
}
