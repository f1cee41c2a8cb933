import type { Site } from '../site.ts';
import { until } from '../until.ts';

type Config = Readonly<Record<string, string>>;

/** The few requests of Connect's REST interface that the bench needs. */
export interface Connectors {
  /** Resolves when its tasks run. */
  create(site: Site, name: string, config: Config): Promise<void>;
  pause(site: Site, name: string): Promise<void>;
  resume(site: Site, name: string): Promise<void>;
  /** Fails with the trace of a task that failed. */
  assertRunning(name: string): Promise<void>;
}

interface Status {
  readonly connector: { readonly state: string };
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[];
}

export function connectorsAt(url: string): Connectors {
  const request = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    for (const deadline = Date.now() + 60_000; ;) {
      const response = await fetch(`${url}/connectors${path}`, {
        method,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      if (response.ok)
        return response.status === 202 || response.status === 204 ? undefined : response.json();
      // 409: the worker is just giving out its tasks.
      if (response.status !== 409 || Date.now() > deadline)
        throw new Error(
          `Kafka Connect: ${method} ${path}: ${response.status} ${await response.text()}`,
        );
      await response.arrayBuffer();
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
  };
  const status = async (name: string): Promise<Status> =>
    (await request('GET', `/${name}/status`)) as Status;
  const assertRunning = async (name: string): Promise<void> => {
    const failed = (await status(name)).tasks.find(({ state }) => state === 'FAILED');
    if (failed) throw new Error(`connector ${name} failed: ${failed.trace ?? ''}`);
  };
  const reached = (site: Site, name: string, state: string): Promise<void> =>
    until(
      `connector ${name} is ${state}`,
      site.signal,
      async () => {
        await assertRunning(name);
        const { connector, tasks } = await status(name).catch((): Status => ({
          connector: { state: '' },
          tasks: [],
        }));
        return (
          connector.state === state &&
          tasks.length > 0 &&
          tasks.every((task) => task.state === state)
        );
      },
      { everyMs: 50, limitSeconds: 120 },
    );
  return {
    assertRunning,
    async create(site, name, config) {
      await request('POST', '', { name, config });
      await until(
        `connector ${name} exists`,
        site.signal,
        () =>
          status(name).then(
            () => true,
            () => false,
          ),
        { everyMs: 50, limitSeconds: 60 },
      );
      await reached(site, name, 'RUNNING');
    },
    async pause(site, name) {
      await request('PUT', `/${name}/pause`);
      await reached(site, name, 'PAUSED');
    },
    async resume(site, name) {
      await request('PUT', `/${name}/resume`);
      await reached(site, name, 'RUNNING');
    },
  };
}
