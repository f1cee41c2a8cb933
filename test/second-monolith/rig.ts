import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createTestDatabase,
  Hopeless,
  type ProgramResult,
  type RunningProcess,
  runProgram,
  startProcess,
  startUnleash,
  temporaryFolder,
  type TemporaryFolder,
  type TestDatabase,
  type UnleashServer,
  until,
} from '@strangler-toolkit/dev-stack';
import { fixture, runSql, startApplication } from './application.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const strangler = here('../../migration/bin/strangler.js');

/** Somebody else's monolith with a service beside it, a facade in front, and a person at the command line. */
export class Rig {
  readonly folder: TemporaryFolder;
  readonly databases: TestDatabase[] = [];
  readonly processes: RunningProcess[] = [];
  readonly env: Record<string, string> = {};
  unleash: UnleashServer | undefined;
  facade = '';

  constructor(folder: TemporaryFolder) {
    this.folder = folder;
  }

  static async start({ unleash = true }: { unleash?: boolean } = {}): Promise<Rig> {
    const rig = new Rig(await temporaryFolder('second'));
    try {
      await rig.#start(unleash);
      return rig;
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  async #start(unleash: boolean): Promise<void> {
    const database = async (label: string, schema?: string): Promise<TestDatabase> => {
      const created = await createTestDatabase(label);
      this.databases.push(created);
      if (schema) await this.sql(created.url, await readFile(fixture(schema), 'utf8'));
      return created;
    };
    const [hr, time, control] = await Promise.all([
      database('hr', 'schema.sql'),
      database('timekeeping', 'service-schema.sql'),
      database('hr_control'),
    ]);
    if (unleash)
      this.unleash = await startUnleash({ postgresUrl: (await database('hr_unleash')).url });
    const app = (kind: 'monolith' | 'service', url: string): Promise<string> =>
      startApplication(kind, url, (process) => this.processes.push(process));
    Object.assign(this.env, {
      HR_URL: await app('monolith', hr.url),
      HR_DATABASE_URL: hr.url,
      TIME_URL: await app('service', time.url),
      TIME_DATABASE_URL: time.url,
      STRANGLER_CONTROL_URL: control.url,
      STRANGLER_CONTEXTS: here('contexts'),
      ...(this.unleash && {
        UNLEASH_URL: this.unleash.url,
        UNLEASH_CLIENT_TOKEN: this.unleash.clientToken,
        UNLEASH_ADMIN_TOKEN: this.unleash.adminToken,
      }),
    });
    const facade = await startProcess({
      name: 'facade',
      file: here('../../facade/bin/facade.js'),
      env: {
        ...this.env,
        MONOLITH_URL: this.env.HR_URL,
        FACADE_HOST: '127.0.0.1',
        FACADE_PORT: '0',
        FACADE_ADMIN_PORT: '0',
        FACADE_STATE_DIR: join(this.folder.path, 'facade'),
        FACADE_NAME: 'hr-facade',
        FACADE_DEBUG_HEADERS: '1',
      },
    });
    this.processes.push(facade);
    this.facade = `http://127.0.0.1:${facade.port}`;
  }

  sql(url: string, text: string): Promise<Record<string, unknown>[]> {
    return runSql(url, text);
  }

  /** Runs a command; unless it may fail, a failure shows everything that it printed. */
  async type(args: readonly string[], mayFail = false): Promise<ProgramResult> {
    const result = await runProgram({
      name: `strangler ${args[0]}`,
      file: strangler,
      args,
      env: this.env,
      cwd: this.folder.path,
    });
    if (!mayFail && result.code !== 0)
      throw new Error(
        `strangler ${args.join(' ')} ended with ${result.code}\n${result.stdout}\n${result.stderr}`,
      );
    return result;
  }

  async worker(): Promise<RunningProcess> {
    const worker = await startProcess({
      name: 'worker',
      file: strangler,
      args: ['replicate', 'timekeeping'],
      env: this.env,
      ready: 'spawned',
    });
    this.processes.push(worker);
    return worker;
  }

  /** Starts the worker; resolves when the copy is there, verified, and reads are mirrored. */
  async mirrored(): Promise<void> {
    const worker = await this.worker();
    await until('the copy', async () => {
      if (!worker.running) throw new Hopeless(worker.logs().join('\n'));
      const { copied, lagMs } = await this.context();
      return copied && lagMs < 2_000;
    });
    await this.type(['verify', 'timekeeping']);
    await this.type(['shadow', 'timekeeping', '--sample', '100']);
  }

  async context(): Promise<{ stage: string; owner: string; copied: boolean; lagMs: number }> {
    const [row] = await this.sql(
      this.env.STRANGLER_CONTROL_URL ?? '',
      `SELECT stage, owner, EXISTS (SELECT FROM strangler_control.watermarks w WHERE w.epoch = c.epoch AND w.state <> 'copying' AND w.applied_at IS NOT NULL) AS copied,
      (extract(epoch FROM clock_timestamp() - (SELECT max(applied_at) FROM strangler_control.watermarks w WHERE w.epoch = c.epoch)) * 1000)::int AS "lagMs"
      FROM strangler_control.contexts c WHERE context = 'timekeeping'`,
    );
    return {
      stage: String(row?.stage),
      owner: String(row?.owner),
      copied: row?.copied === true,
      lagMs: typeof row?.lagMs === 'number' ? row.lagMs : Infinity,
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.reverse().map((running) => running.stop(5_000)));
    await this.unleash?.stop();
    await Promise.all(this.databases.map((database) => database.drop()));
    await this.folder.remove();
  }
}
