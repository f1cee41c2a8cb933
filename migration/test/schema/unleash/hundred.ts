import type pg from 'pg';
import type { StranglerError } from '@strangler-toolkit/plan';
import type { Migrator } from './application.ts';
import type { Replication } from './replication.ts';
import { addRow, touchRow } from './sample-rows.ts';
import { readShapes, type Shapes, statementsToFollow } from './shapes.ts';

export interface Outcome {
  readonly migration: string;
  /** Mapped tables that it changed. */
  readonly changed: readonly string[];
  readonly stopped: StranglerError | null;
  /** What was done before the worker went on. */
  readonly continued: readonly string[];
}

export interface Deployment {
  readonly migrator: Migrator;
  readonly replication: Replication;
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  /** Tables to which nobody adds a row yet: a migration that comes later can only be applied to an empty one. */
  readonly empty: ReadonlySet<string>;
}

/** The service's team follows once in so many migrations, and at once when the worker stopped. */
const followEvery = 10;

const names = (shapes: Shapes): string[] => Object.keys(shapes);
const columnsOf = (shapes: Shapes): string =>
  JSON.stringify(
    Object.entries(shapes).map(([name, { columns, key }]) => [
      name,
      columns.map((c) => [c.name, c.type, c.notNull]),
      key,
    ]),
  );

/** Rows in all tables, as far as their constraints let us; tables that refer to others come after them by and by. */
export async function fill(
  client: pg.Client,
  shapes: Shapes,
  except: ReadonlySet<string>,
): Promise<void> {
  let open = names(shapes).filter((table) => !except.has(table));
  for (let left = Infinity; open.length < left;) {
    left = open.length;
    const refused: string[] = [];
    for (const table of open)
      if (!(await addRow(client, shapes, { table, n: 1 }))) refused.push(table);
    open = refused;
  }
}

/** Deploys one migration after another to a monolith that replicates, and does what the toolkit says when it stops. */
export class Deploying {
  readonly #with: Deployment;
  #mapped: Shapes;
  #n = 1000;
  #deployed = 0;

  constructor(deployment: Deployment, mapped: Shapes) {
    this.#with = deployment;
    this.#mapped = mapped;
  }

  async deploy(migration: string): Promise<Outcome> {
    const { migrator, monolith, replication } = this.#with;
    await migrator.apply(1);
    const now = await readShapes(monolith);
    const changed = names(this.#mapped).filter(
      (table) => now[table]?.print !== this.#mapped[table]?.print,
    );
    for (const table of new Set([
      ...changed,
      ...names(now).filter((one) => this.#mapped[one] === undefined),
    ])) {
      if (now[table] === undefined || this.#with.empty.has(table)) continue;
      await addRow(monolith, now, { table, n: (this.#n += 1) });
      await touchRow(monolith, now, table);
    }
    const gone = changed.some((table) => now[table] === undefined);
    const stopped = gone
      ? await replication.ended()
      : changed.length === 0
        ? null
        : await replication.settled();
    this.#deployed += 1;
    const due = this.#deployed % followEvery === 0 && columnsOf(now) !== columnsOf(this.#mapped);
    const continued = stopped !== null || due ? await this.#follow(now) : [];
    return { migration, changed, stopped, continued };
  }

  /** The service's team: the same shape, a context file anew, the worker as its own remedy says, and what could not be applied. */
  async #follow(now: Shapes): Promise<string[]> {
    const { replication, service } = this.#with;
    const done: string[] = [];
    await replication.stop();
    const statements = statementsToFollow(await readShapes(service), now);
    for (const statement of statements) await service.query(statement);
    if (statements.length > 0) done.push(`${statements.length} statements at the service`);
    await replication.propose(names(now));
    this.#mapped = now;
    replication.start();
    const error = await replication.settled();
    if (error !== null) {
      if (!String(error.remedy).includes('--reread')) throw error;
      replication.start({ reread: true });
      const again = await replication.settled();
      if (again !== null) throw again;
    }
    done.push(error === null ? 'replicate' : `${error.code}, replicate --reread`);
    const replayed = await replication.replay();
    return replayed === 0 ? done : [...done, `${replayed} dead letters replayed`];
  }
}

/** A line for each migration: carried, or why it stopped, and what was done then. */
export const table = (outcomes: readonly Outcome[]): string =>
  outcomes
    .map(({ migration, stopped, continued }) =>
      [
        migration,
        stopped === null ? 'carried' : `stopped with ${stopped.code}: ${stopped.message}`,
        ...(continued.length === 0 ? [] : [`→ ${continued.join(', ')}`]),
      ].join(' '),
    )
    .join('\n');
