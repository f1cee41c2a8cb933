import { createServer, request as askHttp, type IncomingMessage, type Server } from 'node:http';
import type { Child } from './children.ts';
import { mergeMetrics } from './merge-metrics.ts';

interface Answer {
  readonly number: number;
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const patienceMs = 2_000;
/** Orchestrators wait a second by default: within it they hear of those that answer, whoever hangs. */
const probedMs = 750;

/** What one process answers to what the operator asked; undefined: nothing, in time. */
function askChild(
  { number, listening }: Child,
  { url: path, headers: { authorization } }: IncomingMessage,
  withinMs: number,
): Promise<Answer | undefined> {
  if (!listening) return Promise.resolve(undefined);
  const headers = authorization === undefined ? {} : { authorization };
  return new Promise((resolve) => {
    const asked = askHttp(
      { host: '127.0.0.1', port: listening.adminPort, path, headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', () => resolve(undefined));
        answer.on('end', () => {
          const type = answer.headers['content-type'] ?? 'text/plain';
          const body = Buffer.concat(chunks).toString();
          resolve({ number, status: answer.statusCode ?? 502, type, body });
        });
      },
    );
    asked.setTimeout(withinMs, () => asked.destroy(new Error('no answer in time')));
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

type Reply = Omit<Answer, 'number'>;
const json = (status: number, value: unknown): Reply => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});

/** Whoever serves takes what comes: the whole is ready while one process is, and not well while one is missing. */
function readiness(count: number, answers: readonly Answer[]): Reply {
  const ready = answers.filter(({ status }) => status === 200);
  const processes = answers.map(({ number, body }) => ({
    process: number,
    ...(JSON.parse(body) as { readonly status: string }),
  }));
  const well = ready.length === count && processes.every(({ status }) => status === 'ready');
  const status = ready.length === 0 ? 'not-ready' : well ? 'ready' : 'degraded';
  return json(ready.length === 0 ? 503 : 200, {
    status,
    serving: ready.length,
    of: count,
    processes,
  });
}

/** Who ended is started again from here; that all hang, only who asks can mend. */
function liveness(children: readonly Child[], answers: readonly Answer[]): Reply {
  const hang = answers.length === 0 && children.some(({ listening }) => listening);
  return hang ? json(503, { status: 'not-live' }) : json(200, { status: 'live' });
}

async function reply(children: readonly Child[], request: IncomingMessage): Promise<Reply> {
  const path = (request.url ?? '/').split('?')[0];
  const withinMs = path?.startsWith('/health/') ? probedMs : patienceMs;
  const asked = await Promise.all(children.map((child) => askChild(child, request, withinMs)));
  const answers = asked.flatMap((answer) => answer ?? []);
  if (path === '/health/live') return liveness(children, answers);
  if (path === '/health/ready') return readiness(children.length, answers);
  const [first] = answers;
  if (!first) return json(503, { status: 'not-ready' });
  // routes and keys are the same in all of them; and who may not ask hears it from one
  if (path !== '/metrics' || first.status !== 200) return first;
  const told = answers.map(({ number, body }) => ({ process: String(number), text: body }));
  return { ...first, body: mergeMetrics(told) };
}

/** The operators' port of all processes: what each tells at a port of its own on loopback, as one. */
export const operatorsPort = (children: () => readonly Child[]): Server =>
  createServer((request, response) => {
    request.resume();
    reply(children(), request).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
