import { StranglerError } from '@strangler-toolkit/plan';
import { z } from 'zod';
import type { FlagState, FlagWriter } from '../flag-writer.ts';
import type { UnleashSettings } from './unleash-settings.ts';

const strategy = z.object({
  id: z.string(),
  name: z.string(),
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

/** Changes flags through Unleash's admin API; ours is the strategy of the context's group without constraints. */
export class UnleashAdmin implements FlagWriter {
  readonly provider = 'Unleash';
  readonly #settings: UnleashSettings;
  readonly #signal: AbortSignal | undefined;
  constructor(settings: UnleashSettings, signal?: AbortSignal) {
    this.#settings = settings;
    this.#signal = signal;
  }

  async ping(): Promise<void> {
    const { status } = await this.#call(
      'GET',
      `/admin/projects/${encodeURIComponent(this.#settings.project)}/overview`,
    );
    if (status === 404)
      throw new StranglerError(
        'CONFIG_INVALID',
        `Unleash has no project "${this.#settings.project}" (UNLEASH_PROJECT)`,
        { remedy: 'Set UNLEASH_PROJECT to a project that exists.' },
      );
  }

  async read(name: string, groupId: string): Promise<FlagState> {
    const found = await this.#feature(name);
    const environment = found?.environments.find(
      (candidate) => candidate.name === this.#settings.environment,
    );
    const active = (environment?.strategies ?? []).filter((candidate) => !candidate.disabled);
    const ours = active.filter((candidate) => isOurs(candidate, groupId));
    const enabled = environment?.enabled ?? false;
    return {
      name,
      exists: found !== undefined,
      enabled,
      percent: enabled
        ? Math.max(0, ...ours.map((candidate) => Number(candidate.parameters?.rollout ?? 0)))
        : 0,
      otherStrategies: active.length - ours.length,
    };
  }

  readAll(names: readonly string[], groupId: string): Promise<FlagState[]> {
    return Promise.all(names.map((name) => this.read(name, groupId)));
  }

  async setPercent(name: string, groupId: string, percent: number): Promise<void> {
    if (percent <= 0) return this.turnOff(name);
    const found = (await this.#feature(name)) ?? (await this.#create(name));
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
    const body = {
      name: 'flexibleRollout',
      title: 'strangler',
      disabled: false,
      constraints: [],
      parameters: { rollout: String(percent), stickiness: 'userId', groupId },
    };
    const ours = environment.strategies?.find((candidate) => isOurs(candidate, groupId));
    if (ours) await this.#expect('PUT', `${this.#path(name)}/strategies/${ours.id}`, body);
    else await this.#expect('POST', `${this.#path(name)}/strategies`, body);
    // The strategy first: a flag that is turned on without one gets a default of 100 %.
    if (!environment.enabled) await this.#expect('POST', `${this.#path(name)}/on`);
  }

  async turnOff(name: string): Promise<void> {
    const found = await this.#feature(name);
    const environment = found?.environments.find(
      (candidate) => candidate.name === this.#settings.environment,
    );
    if (environment?.enabled) await this.#expect('POST', `${this.#path(name)}/off`);
  }

  async archive(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (await this.#feature(name))
        await this.#expect(
          'DELETE',
          `/admin/projects/${encodeURIComponent(this.#settings.project)}/features/${encodeURIComponent(name)}`,
        );
    }
  }

  #path(name: string): string {
    return `/admin/projects/${encodeURIComponent(this.#settings.project)}/features/${encodeURIComponent(name)}/environments/${encodeURIComponent(this.#settings.environment)}`;
  }

  async #feature(name: string): Promise<z.infer<typeof feature> | undefined> {
    const path = `/admin/projects/${encodeURIComponent(this.#settings.project)}/features/${encodeURIComponent(name)}`;
    const { status, body } = await this.#call('GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw this.#unexpected('GET', path, status, body);
    const parsed = feature.parse(body);
    return parsed.archived ? undefined : parsed;
  }

  async #create(name: string): Promise<z.infer<typeof feature>> {
    const path = `/admin/projects/${encodeURIComponent(this.#settings.project)}/features`;
    const { status, body } = await this.#call('POST', path, {
      name,
      type: 'release',
      description: 'Made by strangler',
      impressionData: false,
    });
    // 409: somebody else made it a moment ago, or it lies in the archive.
    if (status === 409 && !(await this.#feature(name)))
      await this.#expect('POST', `/admin/archive/revive/${encodeURIComponent(name)}`);
    else if (status !== 201 && status !== 409) throw this.#unexpected('POST', path, status, body);
    const made = await this.#feature(name);
    if (!made) throw this.#unexpected('POST', path, status, body);
    return made;
  }

  async #expect(method: string, path: string, json?: unknown): Promise<void> {
    const { status, body } = await this.#call(method, path, json);
    if (status >= 300) throw this.#unexpected(method, path, status, body);
  }

  #unexpected(method: string, path: string, status: number, body: unknown): StranglerError {
    const { environment, project, url } = this.#settings;
    if (status === 404) {
      return new StranglerError(
        'CONFIG_INVALID',
        `Unleash does not know ${path} (project "${project}", environment "${environment}")`,
        {
          remedy:
            'Set UNLEASH_PROJECT and UNLEASH_ENVIRONMENT to a project and an environment that exist.',
        },
      );
    }
    return new StranglerError(
      'UNLEASH_UNREACHABLE',
      `Unleash at ${url} answered ${status} to ${method} ${path}: ${JSON.stringify(body).slice(0, 300)}`,
    );
  }

  async #call(
    method: string,
    path: string,
    json?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const { url, adminToken } = this.#settings;
    const timeout = AbortSignal.timeout(10_000);
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: adminToken,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        signal: this.#signal ? AbortSignal.any([this.#signal, timeout]) : timeout,
      });
      text = await response.text();
    } catch (cause) {
      if (this.#signal?.aborted)
        throw new StranglerError('CANCELLED', 'Cancelled while talking to Unleash', { cause });
      const reason =
        cause instanceof Error
          ? cause.cause instanceof Error
            ? cause.cause.message || cause.message
            : cause.message
          : String(cause);
      throw new StranglerError(
        'UNLEASH_UNREACHABLE',
        `Unleash at ${url} cannot be reached: ${reason}`,
        { cause },
      );
    }
    if (response.status === 401 || response.status === 403) {
      throw new StranglerError(
        'UNLEASH_AUTH',
        `Unleash at ${url} refuses the token (${response.status})${adminToken === '' ? ': UNLEASH_ADMIN_TOKEN is not set' : ''}`,
      );
    }
    let body: unknown = text;
    try {
      body = text === '' ? undefined : JSON.parse(text);
    } catch {
      // an answer that is no JSON stays text for the message
    }
    return { status: response.status, body };
  }
}
