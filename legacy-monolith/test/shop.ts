import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { migrate, seed, startServer } from '../src/index.ts';
import { documentCheck, type Document } from './document-check.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests say what they expect; a wrong guess fails the test.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

interface CallOptions {
  readonly as?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: FormData | URLSearchParams;
}

/** A seeded shop on a free port; every answer that passes `call` is held against the OpenAPI document. */
export async function openShop(label: string) {
  const database = await createTestDatabase(label);
  await migrate(database.url);
  await seed(database.url, { scale: 0.2 });
  const server = await startServer({ databaseUrl: database.url, testStates: true });
  const pool = new pg.Pool({
    connectionString: database.url,
    max: 3,
    types: { getTypeParser: () => (value: string) => value },
  });
  const document = documentCheck(
    (await (await fetch(`${server.url}/openapi.json`)).json()) as Document,
  );

  const call = async (
    method: string,
    path: string,
    { as, body, headers = {}, form }: CallOptions = {},
  ): Promise<Answer> => {
    const response = await fetch(server.url + path, {
      method,
      redirect: 'manual',
      body: form ?? (body === undefined ? null : JSON.stringify(body)),
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer demo-token-${as}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    const raw = await response.text();
    const type = response.headers.get('content-type');
    const parsed: unknown = type?.startsWith('application/json') ? JSON.parse(raw) : raw;
    if (!path.startsWith('/_test/')) document.check(method, path, response.status, type, parsed);
    return { status: response.status, headers: response.headers, body: parsed };
  };

  return {
    server,
    database,
    document,
    call,
    rows: async (text: string, values: unknown[] = []): Promise<Record<string, string | null>[]> =>
      (await pool.query(text, values)).rows,
    async close() {
      await pool.end();
      await server.close();
      await database.drop();
    },
  };
}
export type TestShop = Awaited<ReturnType<typeof openShop>>;
/** The nth product of the seed. */
export const productId = (index: number): string => String(9_007_199_254_741_001n + BigInt(index));
