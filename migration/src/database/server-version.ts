import type pg from 'pg';

/** As server_version_num. Works on a walsender's connection too. */
export async function serverVersion(client: pg.ClientBase | pg.Pool): Promise<number> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT current_setting('server_version_num') AS version`,
  );
  return Number(rows[0]?.version ?? 0);
}
