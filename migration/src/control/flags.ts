import {
  type ControlFlag,
  forgetFlagsStatement,
  readFlagsStatement,
  type Statement,
  turnFlagOffStatement,
  turnFlagOnStatement,
} from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';

/** Flags where no flag provider is set: on for everybody or off. */
export class FlagStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  async all(): Promise<ReadonlyMap<string, boolean>> {
    const rows = (await this.#run(readFlagsStatement())) as ControlFlag[];
    return new Map(rows.map(({ name, enabled }) => [name, enabled]));
  }

  async turnOn(name: string): Promise<void> {
    await this.#run(turnFlagOnStatement(name));
  }

  async turnOff(name: string): Promise<void> {
    await this.#run(turnFlagOffStatement(name));
  }

  async forget(names: readonly string[]): Promise<void> {
    await this.#run(forgetFlagsStatement(names));
  }

  async #run({ text, values }: Statement): Promise<unknown[]> {
    return (await this.#db.query(text, values)).rows;
  }
}
