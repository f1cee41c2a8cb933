import { spawn } from 'node:child_process';
import pg from 'pg';
import { causeOf } from './cause-of.ts';

/** How one side enters provider states: a monolith that nobody may change has no endpoint for it. */
export type StateSetup =
  /** Pact's "provider state change URL": POST { state, params, action }. */
  | { readonly url: string }
  /** A shell command: PACT_STATE names the state, its parameters are JSON on stdin; JSON on stdout is what it made. */
  | { readonly command: string }
  /** One statement per state; `:name` stands for a parameter, the last row is what it made. */
  | { readonly sql: Readonly<Record<string, string>>; readonly database: string }
  /** Nothing to do, and why: the data of every state is there already. `values`: what each of them made. */
  | { readonly present: string; readonly values?: Readonly<Record<string, unknown>> };

/** What a state made, for the pact's generators: ids, for instance. */
type Values = Record<string, unknown>;
type Parameters = Readonly<Record<string, unknown>>;

/** Longest time for one state, milliseconds. */
const limitMs = 30_000;

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valuesOf(text: string): Values {
  if (text.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** @throws Error with the reason why the state was not entered */
export async function enterState(
  setup: StateSetup | undefined,
  state: string,
  params: Parameters,
): Promise<Values> {
  if (setup === undefined)
    throw new Error('this side names no way to enter provider states (contracts.states)');
  if ('url' in setup) return byUrl(setup.url, state, params);
  if ('command' in setup) return byCommand(setup.command, state, params);
  if ('sql' in setup) return bySql(setup, state, params);
  return { ...setup.values };
}

async function byUrl(url: string, state: string, params: Parameters): Promise<Values> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ state, params, action: 'setup' }),
      signal: AbortSignal.timeout(limitMs),
    });
  } catch (error) {
    throw new Error(`${url} does not answer: ${causeOf(error)}`, { cause: error });
  }
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 300)}`);
  return valuesOf(text);
}

async function byCommand(command: string, state: string, params: Parameters): Promise<Values> {
  const child = spawn(command, {
    shell: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: limitMs,
    env: { ...process.env, PACT_STATE: state },
  });
  let [output, complaint] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  // A command that does not read its parameters closes the pipe early.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(params));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`"${command}" ended with ${code ?? 'a signal'}: ${complaint.slice(-300)}`);
  return valuesOf(output);
}

async function bySql(
  setup: Extract<StateSetup, { sql: unknown }>,
  state: string,
  params: Parameters,
): Promise<Values> {
  const statement = setup.sql[state];
  if (statement === undefined)
    throw new Error(`contracts.states has no statement for the state "${state}"`);
  const { text, values } = bind(statement, params);
  const client = new pg.Client({
    connectionString: setup.database,
    connectionTimeoutMillis: limitMs,
    query_timeout: limitMs,
  });
  await client.connect();
  try {
    const { rows } = await client.query<Values>(text, values);
    return rows.at(-1) ?? {};
  } finally {
    await client.end();
  }
}

/** `:name` becomes a parameter of PostgreSQL; `::type` and text in quotes stay. */
function bind(
  statement: string,
  params: Parameters,
): { readonly text: string; readonly values: unknown[] } {
  const names: string[] = [];
  const text = statement.replace(
    /'(?:[^']|'')*'|"[^"]*"|::|:([a-z_]\w*)/gi,
    (whole, name: string | undefined) => {
      if (name === undefined) return whole;
      if (!names.includes(name)) names.push(name);
      return `$${names.indexOf(name) + 1}`;
    },
  );
  return { text, values: names.map((name) => params[name] ?? null) };
}
