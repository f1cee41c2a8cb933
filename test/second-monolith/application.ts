import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort, type RunningProcess, startProcess, until } from '@strangler-toolkit/dev-stack';

/** A file of the second monolith. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixture/${name}`, import.meta.url));

/** Starts one side of it; `began` gets the process before it answers, so that it can be stopped if it never does. */
export async function startApplication(
  kind: 'monolith' | 'service',
  databaseUrl: string,
  began: (process: RunningProcess) => void,
): Promise<string> {
  const port = await freePort();
  began(
    await startProcess({
      name: kind,
      file: fixture('app.js'),
      args: [kind],
      env: { DATABASE_URL: databaseUrl, PORT: String(port) },
      nodeOptions: [],
      ready: 'spawned',
    }),
  );
  const address = `http://127.0.0.1:${port}`;
  await until(
    `${kind} to answer`,
    async () => (await fetch(`${address}/health`).catch(() => undefined))?.ok === true,
  );
  return address;
}

/** One statement, or several, over a connection of their own; rows of a single one. */
export async function runSql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query(text);
    return Array.isArray(result) ? [] : (result.rows as Record<string, unknown>[]);
  } finally {
    await client.end();
  }
}
