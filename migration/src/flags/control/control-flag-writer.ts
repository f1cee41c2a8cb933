import { type ControlFlag, readInstanceDetail, StranglerError } from '@strangler-toolkit/plan';
import type { Control } from '../../control/index.ts';
import type { FlagState, FlagWriter, ShareOptions } from '../flag-writer.ts';

function stateOf(name: string, flags: readonly ControlFlag[]): FlagState {
  const flag = flags.find((candidate) => candidate.name === name);
  const identities = flag?.identities ?? [];
  return {
    name,
    exists: flag !== undefined,
    enabled: flag !== undefined && (flag.enabled || identities.length > 0),
    percent: flag?.enabled ? 100 : 0,
    ...(identities.length > 0 && { identities }),
    otherStrategies: 0,
  };
}

/** A facade that does not say where it reads its flags is of a release that knows Unleash only. */
const readsElsewhere = (detail: unknown): boolean => {
  const { flags = 'unleash' } = readInstanceDetail(detail);
  return flags === 'unleash';
};

/**
 * Flags in the control database, where no flag provider is set: for everybody or for nobody. While a facade reads its flags
 * elsewhere nothing is told of them and nothing changed: whoever forgot UNLEASH_URL would believe it done.
 */
export class ControlFlagWriter implements FlagWriter {
  readonly provider = 'control database';
  readonly source = 'control';
  readonly percentages = false;
  readonly #open: () => Promise<Control>;

  constructor(open: () => Promise<Control>) {
    this.#open = open;
  }

  async ping(): Promise<void> {
    await this.#heard();
  }

  async read(name: string, _groupId: string): Promise<FlagState> {
    const { flags } = await this.#heard();
    return stateOf(name, await flags.list());
  }

  async readAll(names: readonly string[], _groupId: string): Promise<FlagState[]> {
    const { flags } = await this.#heard();
    const known = await flags.list();
    return names.map((name) => stateOf(name, known));
  }

  async setPercent(
    name: string,
    _groupId: string,
    percent: number,
    { identities = [] }: ShareOptions = {},
  ): Promise<void> {
    if (percent <= 0 && identities.length === 0) return this.turnOff(name);
    if (percent > 0 && percent < 100)
      throw new StranglerError(
        'UNLEASH_NEEDED',
        `${percent} % of ${name}: without Unleash a flag is for everybody or for nobody`,
      );
    const { flags } = await this.#heard();
    if (identities.length === 0) await flags.turnOn(name);
    else await flags.nameIdentities(name, percent >= 100, identities);
  }

  async turnOff(name: string): Promise<void> {
    const { flags } = await this.#heard();
    await flags.turnOff(name);
  }

  async archive(names: readonly string[]): Promise<void> {
    const { flags } = await this.#open();
    await flags.forget(names);
  }

  async #heard(): Promise<Control> {
    const control = await this.#open();
    const elsewhere = (await control.instances.list()).filter(
      ({ alive, detail }) => alive && readsElsewhere(detail),
    );
    if (elsewhere.length === 0) return control;
    throw new StranglerError(
      'CONFIG_ENV_MISSING',
      `UNLEASH_URL is not set, but ${elsewhere.map(({ name }) => name).join(', ')} reads its flags from Unleash, or is of a ` +
        'release that reads them nowhere else',
      {
        remedy:
          'Set UNLEASH_URL and UNLEASH_ADMIN_TOKEN; or upgrade the facade, if there is no Unleash.',
      },
    );
  }
}
