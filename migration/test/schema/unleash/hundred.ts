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
  readonly monolith: pg.Client;
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

/** A service that replicates the monolith, and whose team does what the toolkit says when it stops. */
export class Follower {
  readonly outcomes: Outcome[] = [];
  readonly #replication: Replication;
  readonly #service: pg.Client;
  #mapped: Shapes;

  constructor(replication: Replication, service: pg.Client, mapped: Shapes) {
    this.#replication = replication;
    this.#service = service;
    this.#mapped = mapped;
  }

  /** Mapped tables that are not as they were mapped. */
  changed(now: Shapes): string[] {
    return names(this.#mapped).filter((table) => now[table]?.print !== this.#mapped[table]?.print);
  }

  /** Those, and the ones that nobody has mapped yet. */
  news(now: Shapes): string[] {
    return [
      ...this.changed(now),
      ...names(now).filter((table) => this.#mapped[table] === undefined),
    ];
  }

  async after(migration: string, now: Shapes): Promise<void> {
    const changed = this.changed(now);
    const gone = changed.some((table) => now[table] === undefined);
    const stopped = gone
      ? await this.#replication.ended()
      : changed.length === 0
        ? null
        : await this.#replication.settled();
    const due =
      (this.outcomes.length + 1) % followEvery === 0 && columnsOf(now) !== columnsOf(this.#mapped);
    const continued = stopped !== null || due ? await this.#follow(now) : [];
    this.outcomes.push({ migration, changed, stopped, continued });
  }

  /** The service's team: the same shape, a context file anew, the worker as its own remedy says, and what could not be applied. */
  async #follow(now: Shapes): Promise<string[]> {
    const done: string[] = [];
    await this.#replication.stop();
    const statements = statementsToFollow(await readShapes(this.#service), now);
    for (const statement of statements) await this.#service.query(statement);
    if (statements.length > 0) done.push(`${statements.length} statements at the service`);
    await this.#replication.propose(names(now));
    this.#mapped = now;
    this.#replication.start();
    const error = await this.#replication.settled();
    if (error !== null) {
      if (!String(error.remedy).includes('--reread')) throw error;
      this.#replication.start({ reread: true });
      const again = await this.#replication.settled();
      if (again !== null) throw again;
    }
    done.push(error === null ? 'replicate' : `${error.code}, replicate --reread`);
    const replayed = await this.#replication.replay();
    return replayed === 0 ? done : [...done, `${replayed} dead letters replayed`];
  }
}

/** Deploys one migration after another to a monolith that several services replicate. */
export class Deploying {
  readonly #with: Deployment;
  readonly #followers: readonly Follower[];
  #n = 1000;

  constructor(deployment: Deployment, followers: readonly Follower[]) {
    this.#with = deployment;
    this.#followers = followers;
  }

  async deploy(migration: string): Promise<void> {
    const { migrator, monolith, empty } = this.#with;
    await migrator.apply(1);
    const now = await readShapes(monolith);
    for (const table of new Set(this.#followers.flatMap((follower) => follower.news(now)))) {
      if (now[table] === undefined || empty.has(table)) continue;
      await addRow(monolith, now, { table, n: (this.#n += 1) });
      await touchRow(monolith, now, table);
    }
    await Promise.all(this.#followers.map((follower) => follower.after(migration, now)));
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
