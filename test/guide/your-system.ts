import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createTestDatabase,
  freePort,
  guardChild,
  type RunningProcess,
  type TestDatabase,
  until,
} from '@strangler-toolkit/dev-stack';
import { fixture, runSql, startApplication } from '../second-monolith/application.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Typed {
  readonly code: number | null;
  readonly output: string;
}

/** What runs on while more is typed. */
export interface Left {
  readonly port: number;
  said(): string;
  /** @returns its exit code */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

async function ended(
  child: ReturnType<typeof spawn>,
  signal: NodeJS.Signals,
): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const [code] = (await exit) as [number | null];
  clearTimeout(late);
  return code;
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

  /** The page's commands, or a file of it, that hold these words, as they stand. */
  async block(words: string, language = 'sh'): Promise<string> {
    const page = await readFile(here('../../docs/guide/your-system.md'), 'utf8');
    const found = [...page.matchAll(/```(\w+)\n([^]*?)```/g)].find(
      ([, tongue, text]) => tongue === language && text?.includes(words),
    );
    if (found?.[2] === undefined) throw new Error(`the page has no ${language} with ${words}`);
    return found[2];
  }

  /** As its registry would answer when the packages are published: from what was packed. */
  async install(script: string, packages: ReadonlyMap<string, string>): Promise<Typed> {
    const own = [...packages].reduce((text, [name, file]) => text.replace(name, file), script);
    return this.type(own.replace('npm install', 'npm install --prefer-offline'));
  }

  async type(script: string, env: Record<string, string> = {}): Promise<Typed> {
    // npx asks npm for half a second before every command; what it then starts is the same file.
    const child = this.#spawn(`npx() { node_modules/.bin/"$@"; }\n${script}`, env);
    let output = '';
    child.stdout?.on('data', (chunk) => (output += String(chunk)));
    child.stderr?.on('data', (chunk) => (output += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  /** What the page leaves running: the same lines, without the shell's `&`, on ports that are free. */
  async leaveRunning(script: string): Promise<Left[]> {
    const left: Left[] = [];
    for (const line of script.trim().split('\n')) {
      const [client, operators] = [await freePort(), await freePort()];
      const own = line
        .replace(/FACADE_PORT=\d+/, `FACADE_PORT=${client}`)
        .replace(/FACADE_ADMIN_PORT=\d+/, `FACADE_ADMIN_PORT=${operators}`)
        .replace(/&$/, '')
        .replace(/(?<=strangler dev .*)$/, ' --port 0')
        .replace('npx ', 'exec node_modules/.bin/');
      const assignments = /^(?:[A-Z_]+=\S+ )+/.exec(own)?.[0] ?? '';
      const child = this.#spawn(`export ${assignments}\n${own.slice(assignments.length)}`);
      let said = '';
      child.stdout?.on('data', (chunk) => (said += String(chunk)));
      child.stderr?.on('data', (chunk) => (said += String(chunk)));
      left.push({ port: client, said: () => said, end: (signal) => ended(child, signal) });
    }
    return left;
  }

  /** Unleash as the page starts it, in a folder of its own that has what `npm install unleash-server` brings. */
  async startUnleash(): Promise<Record<string, string>> {
    const folder = join(this.#project, 'unleash');
    await mkdir(folder);
    await symlink(here('../../node_modules'), join(folder, 'node_modules'));
    const port = await freePort();
    const file = await this.block('unleash-server', 'js');
    await writeFile(join(folder, 'unleash.mjs'), file.replace('4242', String(port)));
    const url = await this.#database('your_unleash');
    const start = (await this.block('node unleash.mjs')).trim().replace(/&$/, '');
    this.#spawn(`cd unleash; export DATABASE_URL='${url}'\n${start.replace('node', 'exec node')}`);
    await until('Unleash to answer', async () =>
      fetch(`http://127.0.0.1:${port}/health`).then(({ ok }) => ok),
    );
    const token = /INIT_ADMIN_API_TOKENS='(.*?)'/.exec(start)?.[1] ?? '';
    return { UNLEASH_URL: `http://127.0.0.1:${port}/api`, UNLEASH_ADMIN_TOKEN: token };
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
    await Promise.all(this.#children.map((child) => ended(child, 'SIGTERM')));
    for (const server of this.#servers) await server.stop(3_000);
    await Promise.all(this.#databases.map((database) => database.drop()));
  }

  #spawn(script: string, env: Record<string, string> = {}): ReturnType<typeof spawn> {
    const child = spawn('bash', ['-c', script], {
      cwd: this.#project,
      env: { ...this.env, ...env },
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
