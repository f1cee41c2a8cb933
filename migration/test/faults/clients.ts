import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { accounts, bulkRows, startBalance } from './bank.ts';
import { onDatabase } from './on-database.ts';
import type { Random } from './random.ts';

export interface Clients {
  readonly acknowledged: number;
  stop(): Promise<void>;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Runs pieces of work on one connection, and on a new one whenever that breaks. */
async function keepTrying(
  url: string,
  running: () => boolean,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  while (running()) {
    await onDatabase(url, async (client) => {
      while (running()) await work(client);
    }).catch(() => pause(100));
  }
}

/** Money that moves between accounts, with an entry for each move. */
async function transfer(client: pg.Client, random: Random): Promise<void> {
  const debit = 1 + random(accounts);
  const credit = 1 + ((debit + random(accounts - 1)) % accounts);
  const amount = 1 + random(20);
  await client.query('BEGIN');
  // always in the same order, so that clients do not wait for one another in a circle
  for (const id of [debit, credit].toSorted((a, b) => a - b))
    await client.query(
      'UPDATE accounts SET balance = balance + $2, moves = moves + 1 WHERE id = $1',
      [id, id === debit ? -amount : amount],
    );
  await client.query('INSERT INTO transfers VALUES ($1, $2, $3, $4)', [
    randomUUID(),
    debit,
    credit,
    amount,
  ]);
  await client.query('COMMIT');
}

async function scribble(client: pg.Client, random: Random): Promise<void> {
  const code = `n${1 + random(3000)}`;
  switch (random(5)) {
    case 0:
      return void (await client.query('INSERT INTO notes VALUES ($1, $2, $3)', [
        `x${randomUUID()}`,
        'new',
        random(1000),
      ]));
    case 1:
      return void (await client.query('DELETE FROM notes WHERE code = $1', [code]));
    case 2:
      return void (await client.query(`UPDATE notes SET code = $2 WHERE code = $1`, [
        code,
        `y${randomUUID()}`,
      ]));
    case 3:
      return void (await client.query(
        `UPDATE notes SET body = repeat(md5($2), 200) WHERE code = $1`,
        [code, randomUUID()],
      ));
    default:
      return void (await client.query('UPDATE notes SET n = n + 1 WHERE code = $1', [code]));
  }
}

async function load(client: pg.Client, from: number): Promise<void> {
  const copy = client.query(copyFrom('COPY bulk FROM STDIN'));
  const done = once(copy, 'finish');
  copy.end(
    Array.from({ length: bulkRows }, (_, index) => `${from + index}\tbulk ${from + index}\n`).join(
      '',
    ),
  );
  await done;
}

/** What applications do to the source all the while; each of them connects again when the server went away. */
export function startClients(url: string, random: Random): Clients {
  let running = true;
  let acknowledged = 0;
  let loaded = 0;
  const client = (pauseMs: number, work: (client: pg.Client) => Promise<void>): Promise<void> =>
    keepTrying(
      url,
      () => running,
      async (connection) => {
        await work(connection);
        acknowledged += 1;
        await pause(pauseMs);
      },
    );
  const all = Promise.all([
    client(15, (connection) => transfer(connection, random)),
    client(15, (connection) => transfer(connection, random)),
    client(20, (connection) => scribble(connection, random)),
    client(1500, async (connection) => {
      const from = loaded * bulkRows;
      loaded += 1;
      await load(connection, from);
    }),
  ]);
  return {
    get acknowledged() {
      return acknowledged;
    },
    async stop() {
      running = false;
      await all;
    },
  };
}

export interface Reader {
  readonly looks: number;
  /** Half transactions, in words. */
  readonly seen: readonly string[];
  stop(): Promise<void>;
}

/** Reads the target all the while: whatever it sees in one statement the source must have had at one moment. */
export function startReader(url: string): Reader {
  let running = true;
  let looks = 0;
  const seen: string[] = [];
  const reading = keepTrying(
    url,
    () => running,
    async (client) => {
      const { rows } = await client.query<{
        streams: boolean;
        money: string;
        moves: string;
        transfers: string;
        bulk: string;
      }>(`
      SELECT EXISTS (SELECT FROM strangler.streams WHERE context = 'bank')::text AS streams, (SELECT sum(balance) FROM accounts)::text AS money, (SELECT sum(moves) FROM accounts)::text AS moves,
        (SELECT count(*) FROM transfers)::text AS transfers, (SELECT count(*) FROM bulk)::text AS bulk`);
      const row = rows[0];
      if (row !== undefined && String(row.streams) === 'true') {
        looks += 1;
        if (
          Number(row.money) !== accounts * startBalance ||
          Number(row.moves) !== 2 * Number(row.transfers) ||
          Number(row.bulk) % bulkRows !== 0
        )
          seen.push(JSON.stringify(row));
      }
      await pause(10);
    },
  );
  return {
    get looks() {
      return looks;
    },
    seen,
    async stop() {
      running = false;
      await reading;
    },
  };
}
