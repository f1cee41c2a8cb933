import {
  type ControlFlag,
  forgetFlagsStatement,
  nameFlagStatement,
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
    return new Map((await this.list()).map(({ name, enabled }) => [name, enabled]));
  }

  async list(): Promise<readonly ControlFlag[]> {
    return (await this.#run(readFlagsStatement())) as ControlFlag[];
  }

  async turnOn(name: string): Promise<void> {
    await this.#run(turnFlagOnStatement(name));
  }

  /** On for those named, and for everybody besides or not. */
  async nameIdentities(
    name: string,
    enabled: boolean,
    identities: readonly string[],
  ): Promise<void> {
    await this.#run(nameFlagStatement(name, enabled, identities));
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
