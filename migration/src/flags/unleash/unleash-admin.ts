import { StranglerError } from '@strangler-toolkit/plan';
import { z } from 'zod';
import type { FlagState, FlagWriter, ShareOptions } from '../flag-writer.ts';
import { UnleashApi } from './unleash-api.ts';
import type { UnleashSettings } from './unleash-settings.ts';

const strategy = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string().nullish(),
  disabled: z.boolean().nullish(),
  constraints: z.array(z.unknown()).nullish(),
  segments: z.array(z.unknown()).nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});
const feature = z.object({
  name: z.string(),
  archived: z.boolean().nullish(),
  environments: z.array(
    z.object({ name: z.string(), enabled: z.boolean(), strategies: z.array(strategy).nullish() }),
  ),
});
type Strategy = z.infer<typeof strategy>;

const isOurs = (candidate: Strategy, groupId: string): boolean =>
  candidate.name === 'flexibleRollout' &&
  candidate.parameters?.groupId === groupId &&
  (candidate.constraints ?? []).length === 0 &&
  (candidate.segments ?? []).length === 0;

/** Beside the share, with one constraint: those who are named. */
const namesTitle = 'strangler: named identities';
const namesOf = z.tuple([
  z.object({
    contextName: z.literal('userId'),
    operator: z.literal('IN'),
    inverted: z.literal(false).nullish(),
    values: z.array(z.string()),
  }),
]);
const isNames = (candidate: Strategy, groupId: string): boolean =>
  candidate.title === namesTitle &&
  isOurs({ ...candidate, constraints: [] }, groupId) &&
  namesOf.safeParse(candidate.constraints).success;
const namedBy = ({ constraints }: Strategy): readonly string[] =>
  namesOf.safeParse(constraints).data?.[0].values ?? [];

const namesBody = (groupId: string, identities: readonly string[]): object => ({
  name: 'flexibleRollout',
  title: namesTitle,
  disabled: false,
  constraints: [{ contextName: 'userId', operator: 'IN', inverted: false, values: identities }],
  parameters: { rollout: '100', stickiness: 'default', groupId },
});

const isByRequest = ({ parameters }: Strategy): boolean => parameters?.stickiness === 'random';

/** Changes flags through Unleash's admin API; ours is the strategy of the context's group without constraints. */
export class UnleashAdmin implements FlagWriter {
  readonly provider = 'Unleash';
  readonly source = 'unleash';
  readonly percentages = true;
  readonly #settings: UnleashSettings;
  readonly #api: UnleashApi;
  readonly #project: string;

  constructor(settings: UnleashSettings) {
    this.#settings = settings;
    this.#api = new UnleashApi(settings);
    this.#project = `/admin/projects/${encodeURIComponent(settings.project)}`;
  }

  async ping(): Promise<void> {
    const { status } = await this.#api.call('GET', `${this.#project}/overview`);
    if (status === 404)
      throw new StranglerError(
        'CONFIG_INVALID',
        `Unleash has no project "${this.#settings.project}" (UNLEASH_PROJECT)`,
        { remedy: 'Set UNLEASH_PROJECT to a project that exists.' },
      );
  }

  async read(name: string, groupId: string): Promise<FlagState> {
    const found = await this.#find(name);
    const environment = found?.environments.find(
      (candidate) => candidate.name === this.#settings.environment,
    );
    const active = (environment?.strategies ?? []).filter((candidate) => !candidate.disabled);
    const ours = active.filter((candidate) => isOurs(candidate, groupId));
    const names = active.filter((candidate) => isNames(candidate, groupId));
    const enabled = environment?.enabled ?? false;
    const identities = enabled ? names.flatMap(namedBy) : [];
    return {
      name,
      exists: found !== undefined,
      enabled,
      percent: enabled
        ? Math.max(0, ...ours.map((candidate) => Number(candidate.parameters?.rollout ?? 0)))
        : 0,
      ...(enabled && ours.some(isByRequest) && { byRequest: true }),
      ...(identities.length > 0 && { identities }),
      otherStrategies: active.length - ours.length - names.length,
    };
  }

  readAll(names: readonly string[], groupId: string): Promise<FlagState[]> {
    return Promise.all(names.map((name) => this.read(name, groupId)));
  }

  async setPercent(
    name: string,
    groupId: string,
    percent: number,
    { byRequest = false, identities = [] }: ShareOptions = {},
  ): Promise<void> {
    if (percent <= 0 && identities.length === 0) return this.turnOff(name);
    const found = (await this.#find(name)) ?? (await this.#create(name));
    const environment = found.environments.find(
      (candidate) => candidate.name === this.#settings.environment,
    );
    if (!environment) {
      const known = found.environments.map((candidate) => candidate.name).join(', ');
      throw new StranglerError(
        'CONFIG_INVALID',
        `Unleash has no environment "${this.#settings.environment}" in project "${this.#settings.project}"; it has ${known}`,
        { remedy: 'Set UNLEASH_ENVIRONMENT to one of them.' },
      );
    }
    const { strategies } = environment;
    const ours = strategies?.find((candidate) => isOurs(candidate, groupId));
    await this.#setStrategy(name, ours?.id, {
      name: 'flexibleRollout',
      title: 'strangler',
      disabled: false,
      constraints: [],
      parameters: {
        rollout: String(Math.max(0, percent)),
        stickiness: byRequest ? 'random' : 'default',
        groupId,
      },
    });
    // Last: a flag whose only strategy is taken away is on for everybody.
    const names = strategies?.find((candidate) => isNames(candidate, groupId));
    const named = identities.length > 0 && namesBody(groupId, identities);
    await this.#setStrategy(name, names?.id, named);
    // The strategy first: a flag that is turned on without one gets a default of 100 %.
    if (!environment.enabled) await this.#api.expect('POST', `${this.#inEnvironment(name)}/on`);
  }

  /** `id`: the one that is there; `body` false: none is to be there. */
  async #setStrategy(name: string, id: string | undefined, body: object | false): Promise<void> {
    const all = `${this.#inEnvironment(name)}/strategies`;
    if (body === false) {
      if (id !== undefined) await this.#api.expect('DELETE', `${all}/${id}`);
    } else if (id === undefined) await this.#api.expect('POST', all, body);
    else await this.#api.expect('PUT', `${all}/${id}`, body);
  }

  async turnOff(name: string): Promise<void> {
    const found = await this.#find(name);
    const environment = found?.environments.find(
      (candidate) => candidate.name === this.#settings.environment,
    );
    if (environment?.enabled) await this.#api.expect('POST', `${this.#inEnvironment(name)}/off`);
  }

  async archive(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (await this.#find(name)) await this.#api.expect('DELETE', this.#feature(name));
    }
  }

  #feature(name: string): string {
    return `${this.#project}/features/${encodeURIComponent(name)}`;
  }

  #inEnvironment(name: string): string {
    return `${this.#feature(name)}/environments/${encodeURIComponent(this.#settings.environment)}`;
  }

  async #find(name: string): Promise<z.infer<typeof feature> | undefined> {
    const path = this.#feature(name);
    const { status, body } = await this.#api.call('GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw this.#api.unexpected('GET', path, { status, body });
    const parsed = feature.parse(body);
    return parsed.archived ? undefined : parsed;
  }

  async #create(name: string): Promise<z.infer<typeof feature>> {
    const path = `${this.#project}/features`;
    const { status, body } = await this.#api.call('POST', path, {
      name,
      type: 'release',
      description: 'Made by strangler',
      impressionData: false,
    });
    // 409: somebody else made it a moment ago, or it lies in the archive.
    if (status === 409 && !(await this.#find(name)))
      await this.#api.expect('POST', `/admin/archive/revive/${encodeURIComponent(name)}`);
    else if (status !== 201 && status !== 409)
      throw this.#api.unexpected('POST', path, { status, body });
    const made = await this.#find(name);
    if (!made) throw this.#api.unexpected('POST', path, { status, body });
    return made;
  }
}
