import pg from 'pg';

/** Somebody who uses the application meanwhile: inserts, updates and deletes, and remembers what was acknowledged. */
export class Load {
  readonly #client: pg.Client;
  /** Name of a flag → its description. */
  readonly flags = new Map<string, string>();
  readonly deleted = new Set<string>();
  written = 0;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(databaseUrl: string) {
    this.#client = new pg.Client({ connectionString: databaseUrl });
  }

  async begin(): Promise<void> {
    await this.#client.connect();
    this.#running = this.#run();
    // told by end()
    this.#running.catch(() => {});
  }

  /** @throws what the application was answered, if it was an error */
  async end(): Promise<void> {
    this.#stopped = true;
    try {
      await this.#running;
    } finally {
      await this.#client.end();
    }
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const [name, older, oldest] = [n, n - 5, n - 9].map((one) => `load-${one}`);
      await this.#write(
        `INSERT INTO features (name, project, description) VALUES ($1, 'default', 'made')`,
        name!,
      );
      this.flags.set(name!, 'made');
      await this.#write(
        `INSERT INTO events (type, created_by, feature_name) VALUES ('feature-created', 'load', $1)`,
        name!,
      );
      if (this.flags.has(older!)) {
        await this.#write(`UPDATE features SET description = 'changed' WHERE name = $1`, older!);
        this.flags.set(older!, 'changed');
      }
      if (n % 3 === 0 && this.flags.has(oldest!)) {
        await this.#write('DELETE FROM features WHERE name = $1', oldest!);
        this.flags.delete(oldest!);
        this.deleted.add(oldest!);
      }
      // A user thinks; a client without a pause would only compete for the machine.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #write(sql: string, name: string): Promise<void> {
    const { rowCount } = await this.#ask(sql, name);
    if (rowCount !== 1) throw new Error(`${sql} wrote ${rowCount} rows for ${name}`);
    this.written += 1;
  }

  /** A migration that locks two tables may meet a write that holds one of them: an application writes again, as the migrator does. */
  async #ask(sql: string, name: string, tries = 5): Promise<pg.QueryResult> {
    try {
      return await this.#client.query(sql, [name]);
    } catch (error) {
      if (tries === 1 || (error as { code?: string }).code !== '40P01') throw error;
      return this.#ask(sql, name, tries - 1);
    }
  }
}
