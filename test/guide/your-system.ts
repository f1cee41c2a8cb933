import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createTestDatabase,
  freePort,
  guardChild,
  type RunningProcess,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';
import { fixture, runSql, startApplication } from '../second-monolith/application.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Typed {
  readonly code: number | null;
  readonly output: string;
}

/** The second monolith, its service and a person who types what docs/guide/your-system.md shows, in a project of its own. */
export class YourSystem {
  readonly env: Record<string, string> = {};
  readonly #project: string;
  readonly #databases: TestDatabase[] = [];
  readonly #servers: RunningProcess[] = [];
  readonly #children: ReturnType<typeof spawn>[] = [];

  constructor(project: string) {
    this.#project = project;
  }

  async start(): Promise<void> {
    const [monolith, service, control] = await Promise.all([
      this.#database('your_hr', 'schema.sql'),
      this.#database('your_hours', 'service-schema.sql'),
      this.#database('your_control'),
    ]);
    Object.assign(this.env, {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      MONOLITH_URL: await this.#app('monolith', monolith),
      MONOLITH_DATABASE_URL: monolith,
      HOURS_URL: await this.#app('service', service),
      HOURS_DATABASE_URL: service,
      STRANGLER_CONTROL_URL: control,
      STRANGLER_CONTEXTS: './your-contexts',
    });
  }

  /** The page's commands that hold these words, as they stand. */
  async block(words: string): Promise<string> {
    const page = await readFile(here('../../docs/guide/your-system.md'), 'utf8');
    const found = [...page.matchAll(/```sh\n([^]*?)```/g)].find(([, text]) =>
      text?.includes(words),
    );
    if (found?.[1] === undefined) throw new Error(`the page has no commands with ${words}`);
    return found[1];
  }

  async type(script: string): Promise<Typed> {
    const child = this.#spawn(`npx() { command npx --no-install "$@"; }\n${script}`);
    let output = '';
    child.stdout?.on('data', (chunk) => (output += String(chunk)));
    child.stderr?.on('data', (chunk) => (output += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  /** What the page leaves running: the same lines, without the shell's `&`, on ports that are free. @returns ports for clients */
  async leaveRunning(script: string): Promise<number[]> {
    const ports: number[] = [];
    for (const line of script.trim().split('\n')) {
      const [client, operators] = [await freePort(), await freePort()];
      if (line.includes('FACADE_PORT=')) ports.push(client);
      const own = line
        .replace(/FACADE_PORT=\d+/, `FACADE_PORT=${client}`)
        .replace(/FACADE_ADMIN_PORT=\d+/, `FACADE_ADMIN_PORT=${operators}`)
        .replace(/&$/, '')
        .replace('npx ', 'exec node_modules/.bin/');
      const assignments = /^(?:[A-Z_]+=\S+ )+/.exec(own)?.[0] ?? '';
      this.#spawn(`export ${assignments}\n${own.slice(assignments.length)}`);
    }
    return ports;
  }

  /** What the page calls an edit: the file that `init` wrote becomes the second monolith's own, under this name. */
  async edit(): Promise<string> {
    const folder = join(this.#project, 'your-contexts');
    const [file = ''] = await readdir(folder);
    const written = await readFile(join(folder, file), 'utf8');
    const edited = (await readFile(here('../second-monolith/contexts/timekeeping.mjs'), 'utf8'))
      .replace("'timekeeping'", "'hours'")
      .replaceAll('HR_', 'MONOLITH_')
      .replaceAll('TIME_', 'HOURS_');
    await writeFile(join(folder, file), edited);
    return written;
  }

  async control(text: string): Promise<Record<string, unknown>[]> {
    return runSql(this.env.STRANGLER_CONTROL_URL ?? '', text);
  }

  async log(name: string): Promise<string> {
    return readFile(join(this.#project, name), 'utf8');
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children
        .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        .map(async (child) => {
          const ended = once(child, 'exit');
          child.kill('SIGTERM');
          const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
          await ended;
          clearTimeout(late);
        }),
    );
    for (const server of this.#servers) await server.stop(3_000);
    await Promise.all(this.#databases.map((database) => database.drop()));
  }

  #spawn(script: string): ReturnType<typeof spawn> {
    const child = spawn('bash', ['-c', script], {
      cwd: this.#project,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guardChild(child);
    this.#children.push(child);
    return child;
  }

  async #database(label: string, schema?: string): Promise<string> {
    const database = await createTestDatabase(label);
    this.#databases.push(database);
    if (schema) await runSql(database.url, await readFile(fixture(schema), 'utf8'));
    return database.url;
  }

  #app(kind: 'monolith' | 'service', url: string): Promise<string> {
    return startApplication(kind, url, (process) => this.#servers.push(process));
  }
}
