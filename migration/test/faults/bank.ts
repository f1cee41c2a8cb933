import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import type { TableMapping } from '@strangler-toolkit/plan';
import { onDatabase } from './on-database.ts';
import type { Servers } from './servers.ts';

/** A bank on a source and a target server, and a control database on the shared one. */
export interface Bank extends AsyncDisposable {
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly controlUrl: string;
  /** For the command line. */
  readonly env: Readonly<Record<string, string>>;
}

export const accounts = 100;
export const startBalance = 1000;
export const bulkRows = 2000;

const same = (table: string, columns: readonly string[]): TableMapping => ({
  monolith: table,
  service: [{ table, columns: Object.fromEntries(columns.map((name) => [name, name])) }],
});
const definition = {
  context: 'bank',
  data: 'replicated',
  monolith: { url: 'http://127.0.0.1:1', database: { env: 'SOURCE_URL' } },
  service: { url: 'http://127.0.0.1:1', database: { env: 'TARGET_URL' } },
  routes: [{ name: 'accounts', method: 'GET', path: '/accounts', kind: 'read' }],
  tables: [
    same('accounts', ['id', 'balance', 'moves']),
    same('transfers', ['id', 'debit', 'credit', 'amount']),
    same('notes', ['code', 'body', 'n']),
    same('bulk', ['id', 'payload']),
  ],
  replication: { transport: 'kafka' },
};

const tables = `
  CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL, moves int NOT NULL);
  CREATE TABLE transfers (id uuid PRIMARY KEY, debit int NOT NULL, credit int NOT NULL, amount int NOT NULL);
  CREATE TABLE notes (code text PRIMARY KEY, body text, n int NOT NULL);
  CREATE TABLE bulk (id bigint PRIMARY KEY, payload text NOT NULL)`;

/**
 * Counts on the target, also under replication: a transfer and a bulk row are inserted once and never touched, and an account's
 * moves only grow. What was applied twice, or out of order, leaves a line in `wrong`. Before the stream there is the copy, which
 * may begin again; it is slowed down, so that there is time to kill something.
 */
const guards = `
  CREATE SCHEMA IF NOT EXISTS strangler;
  CREATE TABLE wrong (what text);
  CREATE TABLE applied (kind text, id text);
  CREATE FUNCTION streaming() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN EXISTS (SELECT FROM strangler.streams WHERE context = 'bank'); EXCEPTION WHEN undefined_table THEN RETURN false; END $$;
  CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF streaming() THEN
      IF TG_OP = 'INSERT' THEN INSERT INTO applied VALUES (TG_TABLE_NAME, NEW.id::text); ELSE INSERT INTO wrong VALUES (TG_OP || ' of ' || TG_TABLE_NAME || ' ' || OLD.id); END IF;
    END IF;
    RETURN NULL;
  END $$;
  CREATE FUNCTION grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.moves <= OLD.moves AND streaming() THEN INSERT INTO wrong VALUES ('account ' || NEW.id || ' went from ' || OLD.moves || ' to ' || NEW.moves); END IF;
    RETURN NULL;
  END $$;
  CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.n % 10 = 0 AND NOT streaming() THEN PERFORM pg_sleep(0.01); END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER once AFTER INSERT OR UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION once();
  CREATE TRIGGER once AFTER INSERT OR UPDATE OR DELETE ON bulk FOR EACH ROW EXECUTE FUNCTION once();
  CREATE TRIGGER grows AFTER UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION grows();
  CREATE TRIGGER slowly BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION slowly();
  ALTER TABLE transfers ENABLE ALWAYS TRIGGER once;
  ALTER TABLE bulk ENABLE ALWAYS TRIGGER once;
  ALTER TABLE accounts ENABLE ALWAYS TRIGGER grows;
  ALTER TABLE notes ENABLE ALWAYS TRIGGER slowly`;

export async function openBank({ source, target, broker, connect }: Servers): Promise<Bank> {
  const name = `bank_${randomBytes(4).toString('hex')}`;
  const [sourceUrl, targetUrl, control, contexts] = await Promise.all([
    source.createDatabase(`${name}_s`),
    target.createDatabase(`${name}_t`),
    createTestDatabase('faults'),
    mkdtemp(join(tmpdir(), 'strangler-faults-')),
  ]);
  await writeFile(join(contexts, 'bank.json'), JSON.stringify(definition));
  await onDatabase(sourceUrl, (client) =>
    client.query(`${tables};
    INSERT INTO accounts SELECT n, ${startBalance}, 0 FROM generate_series(1, ${accounts}) n;
    INSERT INTO notes SELECT 'n' || n, repeat(md5(n::text), CASE WHEN n % 50 = 0 THEN 200 ELSE 1 END), n FROM generate_series(1, 3000) n;
    INSERT INTO bulk SELECT -n, md5(n::text) FROM generate_series(1, 10000) n`),
  );
  await onDatabase(targetUrl, (client) => client.query(`${tables}; ${guards}`));
  return {
    sourceUrl,
    targetUrl,
    controlUrl: control.url,
    env: {
      STRANGLER_CONTROL_URL: control.url,
      STRANGLER_CONTEXTS: contexts,
      SOURCE_URL: sourceUrl,
      TARGET_URL: targetUrl,
      KAFKA_BROKERS: broker.brokers,
      CONNECT_URL: connect.url,
    },
    async [Symbol.asyncDispose]() {
      await rm(contexts, { recursive: true, force: true });
      await control.drop();
    },
  };
}
