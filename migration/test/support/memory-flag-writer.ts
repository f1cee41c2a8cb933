import type { FlagState, FlagWriter, ShareOptions } from '../../src/flags/index.ts';

interface Flag {
  percent: number;
  byRequest: boolean;
  identities: readonly string[];
  enabled: boolean;
  archived: boolean;
}

/** The twin of a flag provider for tests of steps: flags in memory, one environment, nobody else's rules. */
export class MemoryFlagWriter implements FlagWriter {
  readonly provider = 'memory';
  readonly source = 'fixed';
  readonly percentages = true;
  readonly #flags = new Map<string, Flag>();

  async ping(): Promise<void> {}

  async read(name: string, _groupId: string): Promise<FlagState> {
    const flag = this.#known(name);
    return {
      name,
      exists: flag !== undefined,
      enabled: flag?.enabled ?? false,
      percent: flag?.enabled ? flag.percent : 0,
      ...(flag?.enabled && flag.byRequest && { byRequest: true }),
      ...(flag?.enabled && flag.identities.length > 0 && { identities: flag.identities }),
      otherStrategies: 0,
    };
  }

  readAll(names: readonly string[], groupId: string): Promise<FlagState[]> {
    return Promise.all(names.map((name) => this.read(name, groupId)));
  }

  async setPercent(
    name: string,
    _groupId: string,
    percent: number,
    { byRequest = false, identities = [] }: ShareOptions = {},
  ): Promise<void> {
    if (percent <= 0 && identities.length === 0) return this.turnOff(name);
    this.#flags.set(name, { percent, byRequest, identities, enabled: true, archived: false });
  }

  async turnOff(name: string): Promise<void> {
    const flag = this.#known(name);
    if (flag) flag.enabled = false;
  }

  async archive(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const flag = this.#known(name);
      if (flag) flag.archived = true;
    }
  }

  #known(name: string): Flag | undefined {
    const flag = this.#flags.get(name);
    return flag?.archived ? undefined : flag;
  }
}
