import { readFile } from 'node:fs/promises';
import {
  type MigrationDefinition,
  otherSide,
  type Side,
  StranglerError,
  replicates,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { describeDatabase, withConnection } from '../database/connect.ts';
import { inOrder, mayBeApplied, type OrderedStep, type SchemaFinding } from '../schema/finding.ts';
import { judgeChange } from '../schema/judge-change.ts';
import { readState, type SchemaState } from '../schema/state.ts';
import type { Toolkit } from './toolkit.ts';

/** Where the schema after the change comes from. */
export type SchemaSource =
  | { readonly kind: 'files'; readonly files: readonly string[]; readonly scratch: string }
  | { readonly kind: 'databases'; readonly before: string; readonly after: string };

export interface SchemaOptions {
  readonly context: string;
  /** Whose schema changes. */
  readonly side: Side;
  readonly source: SchemaSource;
  /** Database of the other side; default: that of the context file. */
  readonly other?: string;
}

export interface SchemaResult {
  readonly context: string;
  readonly side: Side;
  /** Whether the change may be applied as it is. */
  readonly ok: boolean;
  readonly findings: readonly SchemaFinding[];
  /** Expand, mapping, contract. */
  readonly plan: readonly OrderedStep[];
}

const application = { applicationName: 'strangler-schema-check' };

/** What a change of one side's schema will do to a context. Needs no control database, and changes nothing that counts. */
export async function schemaCheck(kit: Toolkit, options: SchemaOptions): Promise<SchemaResult> {
  const definition = await kit.definition(options.context);
  if (!replicates(definition.data))
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${definition.context} has data '${definition.data}': no schema is mapped`,
    );
  const { side, source } = options;
  const neighbours = await kit.neighbours(definition);
  const other = options.other ?? kit.databaseUrl(definition, otherSide(side));
  const [before, after] = await withConnection(other, application, (client) =>
    source.kind === 'files'
      ? inScratch(kit, { definition, neighbours, side, source, other: client })
      : inDatabases({ definition, neighbours, side, source, other: client }),
  );
  const findings = judgeChange({
    definition,
    side,
    before,
    after,
    same: source.kind === 'files',
  });
  return {
    context: definition.context,
    side,
    ok: mayBeApplied(findings),
    findings,
    plan: inOrder(findings),
  };
}

interface Look<Source> {
  readonly definition: MigrationDefinition;
  readonly neighbours: readonly MigrationDefinition[];
  readonly side: Side;
  readonly source: Source;
  /** The other side's database. */
  readonly other: pg.Client;
}

const clientsOf = (side: Side, changed: pg.Client, other: pg.Client): Record<Side, pg.Client> =>
  side === 'monolith'
    ? { monolith: changed, service: other }
    : { monolith: other, service: changed };

async function stateBefore(
  { definition, neighbours, side, other }: Look<unknown>,
  client: pg.Client,
  where: string,
): Promise<SchemaState> {
  const state = await readState(definition, side, clientsOf(side, client, other), neighbours);
  const [problem] = state.problems;
  // What is wrong before the change would hide what the change makes wrong.
  if (problem !== undefined)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${where} does not have the schema that ${definition.context} maps, before the change already: ${problem.message}`,
      {
        cause: problem,
        remedy:
          'Bring it to the schema as it is now (all migrations but the new ones), or mend the context file first.',
      },
    );
  return state;
}

async function inDatabases(
  look: Look<Extract<SchemaSource, { kind: 'databases' }>>,
): Promise<[SchemaState, SchemaState]> {
  const { definition, neighbours, side, source, other } = look;
  const before = await withConnection(source.before, application, (client) =>
    stateBefore(look, client, describeDatabase(source.before)),
  );
  const after = await withConnection(source.after, application, (client) =>
    readState(definition, side, clientsOf(side, client, other), neighbours),
  );
  return [before, after];
}

/** Applies the files in a transaction that is rolled back. */
async function inScratch(
  kit: Toolkit,
  look: Look<Extract<SchemaSource, { kind: 'files' }>>,
): Promise<[SchemaState, SchemaState]> {
  const { definition, neighbours, side, source, other } = look;
  refuseLive(kit, definition, side, source.scratch);
  const where = describeDatabase(source.scratch);
  return withConnection(source.scratch, application, async (client) => {
    await client.query('BEGIN');
    try {
      const before = await stateBefore(look, client, where);
      await client.query(`SET LOCAL strangler.checking = 'on'`);
      for (const file of source.files) await applyFile(client, file, where);
      const { rows } = await client.query<{ checking: string | null }>(
        `SELECT current_setting('strangler.checking', true) AS checking`,
      );
      if (rows[0]?.checking !== 'on') throw committed(source.files, where);
      await client.query('SET LOCAL search_path = public');
      return [
        before,
        await readState(definition, side, clientsOf(side, client, other), neighbours),
      ];
    } finally {
      await client.query('ROLLBACK').catch(() => {});
    }
  });
}

function refuseLive(
  kit: Toolkit,
  definition: MigrationDefinition,
  side: Side,
  scratch: string,
): void {
  const setting = definition[side].database;
  const live = typeof setting === 'object' ? kit.env[setting.env] : setting;
  if (live === undefined || describeDatabase(live) !== describeDatabase(scratch)) return;
  throw new StranglerError(
    'USAGE',
    `--scratch names the ${side}'s own database ${describeDatabase(scratch)}: the files would lock its tables`,
    { remedy: 'Name a copy of its schema, for instance the one that the tests of your CI use.' },
  );
}

async function applyFile(client: pg.Client, file: string, where: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new StranglerError('USAGE', `${file} cannot be read`, { cause: error });
  });
  try {
    await client.query(text);
  } catch (error) {
    throw new StranglerError(
      'SQL_FAILED',
      `${file} fails in ${where}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error, details: { file } },
    );
  }
}

const committed = (files: readonly string[], where: string): StranglerError =>
  new StranglerError(
    'SQL_FAILED',
    `${files.join(', ')} end the transaction that ${where} was to forget (BEGIN, COMMIT): it has the new schema now`,
    {
      remedy:
        'Leave BEGIN and COMMIT out of the file, or apply it with your own tool to a second database and use --before and --after.',
    },
  );
