import { expect } from '@jest/globals';
import { freePort, until } from '@strangler-toolkit/dev-stack';
import { openControl } from '../../migration/src/control/index.ts';
import type { Failure, Finding } from './failure.ts';
import { keepForSlots, outgrowSlot } from './night.ts';
import { catalog, type Stack } from './stack.ts';

const cutoverRefused = (says: string) =>
  ({ type: 'strangler can-i cutover catalog', exit: 4, code: null, says }) as const;
const anew = 'strangler replicate catalog';
const worker = (actual: string, remedy = anew): Finding => ({ check: 'worker', actual, remedy });

const verified = async (stack: Stack): Promise<void> => {
  await stack.must('verify', 'catalog');
};

export const sides: readonly Failure[] = [
  {
    name: 'the service does not answer, before its cutover',
    provoke: (stack) => stack.applications.service.down(),
    mend: (stack) => stack.applications.service.up(),
    answer: { ask: 'GET /api/products', status: 200, code: null, says: 'product 1' },
    status: [
      'service …DOWN: does not answer (ECONNREFUSED)',
      'next …strangler rollback catalog',
      'the service is not there, the monolith answers; going back: flags go to 0 %',
    ],
    doctor: [
      {
        check: 'service HTTP',
        actual: 'does not answer (ECONNREFUSED)',
        remedy: 'strangler rollback catalog (…), or start it again',
      },
    ],
    todo: 'start it again, or `strangler rollback catalog`; clients notice nothing',
  },
  {
    name: 'the monolith does not answer',
    provoke: (stack) => stack.applications.monolith.down(),
    mend: (stack) => stack.applications.monolith.up(),
    answer: {
      ask: 'POST /api/products',
      status: 502,
      code: 'UPSTREAM_UNREACHABLE',
      says: 'The monolith of catalog could not be reached.',
    },
    status: ['monolith …DOWN: does not answer (ECONNREFUSED)'],
    doctor: [
      {
        check: 'monolith HTTP',
        actual: 'does not answer (ECONNREFUSED)',
        remedy: 'Start the monolith again, or mend monolith.url',
      },
    ],
    todo: 'start it again',
  },
];

export const streams: readonly Failure[] = [
  {
    name: 'the worker was killed',
    provoke: async (stack) => {
      await stack.worker?.kill('SIGKILL');
      await stack.silentForAMinute('watermarks');
    },
    mend: (stack) => stack.startWorker(),
    answer: cutoverRefused('lag: no worker is alive'),
    status: [
      'worker …not alive (caught-up, …ago)',
      'next …strangler replicate catalog',
      'NOT READ',
    ],
    doctor: [worker('caught-up, heartbeat …s ago')],
    todo: '`strangler replicate catalog`: it goes on where it stopped',
  },
  {
    name: 'the worker hangs',
    provoke: async (stack) => {
      process.kill(stack.worker?.pid ?? 0, 'SIGSTOP');
      await stack.silentForAMinute('watermarks');
    },
    mend: async (stack) => process.kill(stack.worker?.pid ?? 0, 'SIGCONT'),
    answer: cutoverRefused('lag: no worker is alive'),
    status: ['worker …not alive (caught-up, …ago)'],
    doctor: [worker('caught-up, heartbeat …s ago')],
    todo: 'end it, and start another one: `strangler replicate catalog`',
  },
  {
    name: 'a mapped column was renamed',
    provoke: async (stack) => {
      await stack.sql('monolith', 'ALTER TABLE products RENAME name TO label');
      await stack.sql('monolith', `INSERT INTO products (label) VALUES ('renamed')`);
      await stack.worker?.exit;
    },
    mend: async (stack) => {
      await stack.sql('monolith', 'ALTER TABLE products RENAME label TO name');
      await stack.startWorker('--restart', '--yes');
      await verified(stack);
    },
    answer: {
      type: 'strangler verify catalog',
      exit: 1,
      code: 'COLUMN_MISSING',
      says: 'name',
    },
    status: ['worker …FAILED …SCHEMA_CHANGED: …name'],
    doctor: [
      { check: 'mapping', actual: 'COLUMN_MISSING: …name', remedy: 'Mend the mapping line' },
      worker('SCHEMA_CHANGED: …name', 'Mend the mapping line that the message names'),
      {
        check: 'identity of tables',
        actual: 'COLUMN_MISSING: …name',
        remedy: 'Mend the mapping line',
      },
    ],
    todo: 'change the mapping line, start the worker again',
  },
  {
    name: 'the slot was dropped',
    provoke: async (stack) => {
      await stack.worker?.stop();
      await stack.sql(
        'monolith',
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()`,
      );
    },
    mend: async (stack) => {
      await stack.startWorker('--restart', '--yes');
      await verified(stack);
    },
    answer: { type: anew, exit: 1, code: 'SLOT_LOST', says: 'slot' },
    status: [
      'worker …FAILED …SLOT_LOST',
      'slot …MISSING',
      'lag: the worker ended with SLOT_LOST',
      'next …strangler replicate catalog --restart',
    ],
    doctor: [
      {
        check: 'monolith slot …',
        actual: 'missing',
        remedy: 'strangler replicate catalog --restart',
      },
      worker('SLOT_LOST', 'strangler replicate <context> --restart'),
    ],
    todo: '`strangler replicate catalog --restart`',
  },
  {
    name: 'the server gave the slot up, because it kept too much log',
    provoke: outgrowSlot,
    mend: async (stack) => {
      await keepForSlots(stack, '-1');
      await stack.startWorker('--restart', '--yes');
      await verified(stack);
    },
    answer: { type: anew, exit: 1, code: 'SLOT_LOST', says: 'gave' },
    status: [
      'worker …FAILED …SLOT_LOST: The server gave up replication slot',
      'slot …(lost)',
      'next …strangler replicate catalog --restart',
    ],
    doctor: [
      {
        check: 'monolith slot …',
        actual: 'lost',
        remedy: 'strangler replicate catalog --restart',
      },
      worker('SLOT_LOST', 'strangler replicate <context> --restart'),
    ],
    todo: '`strangler replicate catalog --restart`, and a higher `max_slot_wal_keep_size`',
  },
  {
    name: 'a row that the service does not take (a dead letter)',
    provoke: async (stack) => {
      await stack.sql('service', `ALTER TABLE items ADD CONSTRAINT fine CHECK (title <> 'bad')`);
      await stack.sql('monolith', `INSERT INTO products (name) VALUES ('bad')`);
    },
    mend: async (stack) => {
      await stack.sql('service', 'ALTER TABLE items DROP CONSTRAINT fine');
      await stack.must('dead-letters', 'replay', 'catalog', '--all', '--yes');
    },
    answer: cutoverRefused('dead-letters: 1 open'),
    status: ['dead letters …1', 'next …strangler dead-letters list catalog'],
    doctor: [
      {
        check: 'constraint items.fine',
        actual: 'the service asks of items: CHECK',
        remedy: "constraints.service['items.fine']",
      },
      { check: 'dead letters', actual: '1 open', remedy: 'strangler dead-letters list catalog' },
    ],
    todo: '`strangler dead-letters list catalog`, mend the cause, `strangler dead-letters replay catalog --all`',
  },
  {
    name: "a database's disk is full",
    provoke: async (stack) => {
      await stack.sql(
        'service',
        // nothing that anybody could read in the catalog: an index whose growth fails
        `CREATE FUNCTION space_for(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
         CREATE INDEX space ON items (space_for(title));
         CREATE OR REPLACE FUNCTION space_for(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
           $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`,
      );
      await stack.sql('monolith', `INSERT INTO products (name) VALUES ('needs space')`);
    },
    mend: (stack) => stack.sql('service', 'DROP INDEX space; DROP FUNCTION space_for'),
    answer: { ask: 'POST /api/products', status: 201, code: null, says: '"id"' },
    status: ['worker …DB_DISK_FULL: …No space left on device'],
    doctor: [
      worker('tries again …: DB_DISK_FULL: …No space left on device', 'it goes on by itself'),
    ],
    todo: 'free disk space; the worker goes on by itself, nothing is lost',
  },
];

const unreachable = (stack: Stack, which: 'monolith' | 'service') => stack.relays[which].down();

export const databases: readonly Failure[] = [
  {
    name: 'the control database cannot be reached',
    provoke: (stack) => stack.relays.control.down(),
    mend: (stack) => stack.relays.control.up(),
    answer: {
      type: 'strangler cutover catalog --yes',
      exit: 1,
      code: 'DB_UNREACHABLE',
      says: 'The control database 127.0.0.1:… cannot be reached',
    },
    besides: async (stack) => {
      // fail static: clients notice nothing
      expect((await stack.ask('GET', '/api/products')).status).toBe(200);
      expect((await stack.ask('POST', '/api/products')).status).toBe(201);
      await until('the facade says so', async () =>
        /"control":{"state":"down"/.test(await stack.ready()),
      );
    },
    status: { fails: 'DB_UNREACHABLE', exit: 1, says: 'The control database' },
    doctor: [
      {
        check: 'control database',
        actual: 'DB_UNREACHABLE: The control database',
        remedy: 'Check that the database runs',
      },
    ],
    todo: 'mend it; facades serve on with what they knew',
  },
  {
    name: "the service's database cannot be reached",
    provoke: (stack) => unreachable(stack, 'service'),
    mend: (stack) => stack.relays.service.up(),
    answer: {
      type: 'strangler verify catalog',
      exit: 1,
      code: 'DB_UNREACHABLE',
      says: "(the database is the service's of catalog)",
    },
    status: [
      'worker …FAILED …tries again …: DB_UNREACHABLE',
      'lag: the worker failed with DB_UNREACHABLE and tries again ',
      'dead letters …not known: DB_UNREACHABLE: ',
    ],
    doctor: [
      {
        check: 'service database',
        actual: 'DB_UNREACHABLE',
        remedy: 'Check that the database runs',
      },
      worker('failed, tries again …: DB_UNREACHABLE', 'Check that the database runs'),
    ],
    todo: 'mend it; the worker goes on by itself',
  },
  {
    name: "the monolith's database cannot be reached",
    provoke: (stack) => unreachable(stack, 'monolith'),
    mend: (stack) => stack.relays.monolith.up(),
    answer: {
      type: 'strangler verify catalog',
      exit: 1,
      code: 'DB_UNREACHABLE',
      says: "(the database is the monolith's of catalog)",
    },
    status: [
      'worker …FAILED …tries again …: DB_UNREACHABLE',
      'lag: the worker failed with DB_UNREACHABLE and tries again ',
      'slot …not known',
      'problem …DB_UNREACHABLE',
    ],
    doctor: [
      {
        check: 'monolith database',
        actual: 'DB_UNREACHABLE',
        remedy: 'Check that the database runs',
      },
      worker('failed, tries again …: DB_UNREACHABLE', 'Check that the database runs'),
    ],
    todo: 'mend it; the worker goes on by itself',
  },
  {
    name: 'the password of a database is wrong',
    provoke: async (stack) => {
      const url = new URL(stack.env.CATALOG_DATABASE_URL ?? '');
      stack.differently.CATALOG_DATABASE_URL = Object.assign(url, { password: 'wrong' }).href;
    },
    mend: async (stack) => void delete stack.differently.CATALOG_DATABASE_URL,
    answer: {
      type: 'strangler verify catalog',
      exit: 1,
      code: 'DB_AUTH',
      says: "(the database is the service's of catalog)",
    },
    status: ['dead letters …not known: DB_AUTH: '],
    doctor: [{ check: 'service database', actual: 'DB_AUTH', remedy: 'Check user and password' }],
    todo: 'mend user or password of the address',
  },
  {
    name: 'the role of a database lacks rights',
    provoke: async (stack) => {
      stack.words.ROLE = `plain_${process.pid}_${Date.now()}`;
      await stack.sql('service', `CREATE ROLE ${stack.words.ROLE} LOGIN PASSWORD 'plain'`);
      const url = new URL(stack.env.CATALOG_DATABASE_URL ?? '');
      stack.differently.CATALOG_DATABASE_URL = Object.assign(url, {
        username: stack.words.ROLE,
        password: 'plain',
      }).href;
    },
    mend: async (stack) => {
      delete stack.differently.CATALOG_DATABASE_URL;
      await stack.sql('service', `DROP ROLE ${stack.words.ROLE}`);
    },
    answer: { type: 'strangler verify catalog', exit: 1, code: 'DB_PRIVILEGE', says: 'permission' },
    status: ['dead letters …not known: …permission denied'],
    doctor: [
      {
        check: 'service replication right',
        actual: 'plain_',
        remedy: 'ALTER ROLE plain_…REPLICATION',
      },
      {
        check: 'service session_replication_role',
        actual: 'plain_… may not',
        remedy: 'GRANT SET ON PARAMETER session_replication_role TO plain_',
      },
      {
        check: 'service replication origins',
        actual: 'plain_… may not call pg_replication_origin_oid(text)',
        remedy: 'GRANT EXECUTE ON FUNCTION pg_replication_origin_oid(text)',
      },
      {
        check: 'service create right',
        actual: 'plain_… may not',
        remedy: 'GRANT CREATE ON DATABASE …TO plain_',
      },
      {
        check: 'fences',
        actual: 'DB_PRIVILEGE: permission denied for schema strangler',
        remedy: 'Look with the role that the worker uses',
      },
      {
        check: 'identity of tables',
        actual: 'DB_PRIVILEGE: permission denied',
        remedy: 'Look with the role that the worker uses',
      },
    ],
    todo: 'the `GRANT` that the message names',
  },
  {
    name: 'a newer release has migrated the control database',
    provoke: (stack) =>
      stack.sql(
        'control',
        `INSERT INTO strangler_control.kysely_migration (name, timestamp) VALUES ('0099-later', '2030')`,
      ),
    mend: (stack) =>
      stack.sql(
        'control',
        `DELETE FROM strangler_control.kysely_migration WHERE name = '0099-later'`,
      ),
    answer: {
      type: 'strangler cutover catalog --yes',
      exit: 1,
      code: 'CONTROL_SCHEMA_NEWER',
      says: 'cannot work with: 0099-later',
      remedy: 'Start the newer release again',
    },
    status: { fails: 'CONTROL_SCHEMA_NEWER', exit: 1, says: '0099-later' },
    doctor: [
      {
        check: 'control database',
        actual: 'CONTROL_SCHEMA_NEWER',
        remedy: 'Start the newer release again',
      },
    ],
    todo: 'the newer release again',
  },
  {
    name: 'the control database is that of an older release',
    provoke: async (stack) => {
      const [newest] = await stack.sql(
        'control',
        `DELETE FROM strangler_control.kysely_migration
          WHERE name = (SELECT max(name) FROM strangler_control.kysely_migration) RETURNING name`,
      );
      stack.words.NEWEST = String(newest?.name);
    },
    mend: (stack) =>
      stack.sql(
        'control',
        `INSERT INTO strangler_control.kysely_migration (name, timestamp) VALUES ('${stack.words.NEWEST}', '2026')`,
      ),
    answer: {
      type: 'strangler can-i cutover catalog',
      exit: 1,
      code: 'CONTROL_SCHEMA_OLDER',
      says: 'The control schema is that of an older release: it lacks 00',
      remedy: 'strangler control migrate',
    },
    status: {
      fails: 'CONTROL_SCHEMA_OLDER',
      exit: 1,
      says: 'The control schema is that of an older release: it lacks 00',
    },
    doctor: [
      {
        check: 'control database',
        actual: 'CONTROL_SCHEMA_OLDER',
        remedy: 'strangler control migrate',
      },
    ],
    todo: '`strangler control migrate`; whatever only looks changes nothing',
  },
];

export const facades: readonly Failure[] = [
  {
    name: 'two commands at once',
    provoke: async (stack) => {
      stack.control = await openControl(stack.scene.control.url);
      const order = { context: 'catalog', holder: 'ann on deploy-1', move: 'cutover' } as const;
      stack.lease = await stack.control.leases.acquire(order);
    },
    mend: async (stack) => {
      await stack.lease?.release();
      await stack.control?.close();
    },
    answer: {
      type: 'strangler cutover catalog --yes',
      exit: 1,
      code: 'LEASE_HELD',
      says: 'ann on deploy-1',
      remedy: 'wait for it',
    },
    status: ['at work …cutover by ann on deploy-1'],
    doctor: [],
    todo: 'wait; `strangler status catalog` says who is at work',
  },
  {
    name: 'a facade was killed',
    provoke: async (stack) => {
      await stack.facade?.kill('SIGKILL');
      await stack.silentForAMinute('instances');
    },
    mend: async (stack) => {
      stack.facade = await stack.startFacade();
    },
    answer: cutoverRefused('facades: …'),
    status: ['facades …0 alive, 1 gone'],
    doctor: [
      {
        check: 'facade instances',
        actual: '0 alive, gone: front (',
        remedy: 'Start it again, or wait',
      },
    ],
    todo: 'start it again',
  },
  {
    name: 'a facade serves by an older context file',
    provoke: (stack) => stack.put('catalog', { ...catalog, identity: ['header:x-user'] }),
    mend: (stack) => stack.put('catalog', catalog),
    answer: cutoverRefused('context-files: another one at front'),
    status: ['OTHER CONTEXT FILE than here: front'],
    doctor: [
      {
        check: 'context files of facades',
        actual: 'another one at front',
        remedy: 'Bring the same file to each of them',
      },
    ],
    todo: 'bring the file to it; `/health/ready` says why it did not take it',
  },
  {
    name: 'Unleash cannot be reached',
    provoke: async (stack) => {
      stack.differently.UNLEASH_URL = `http://127.0.0.1:${await freePort()}/api`;
      stack.differently.UNLEASH_ADMIN_TOKEN = 'token';
    },
    mend: withoutUnleash,
    answer: {
      type: 'strangler route catalog --kill',
      exit: 1,
      code: 'UNLEASH_UNREACHABLE',
      says: 'Unleash',
    },
    status: ['flags …not known: UNLEASH_UNREACHABLE: '],
    doctor: [
      { check: 'Unleash', actual: 'UNLEASH_UNREACHABLE', remedy: 'Check UNLEASH_URL' },
      {
        check: 'flags of facades',
        actual: 'elsewhere: front (control)',
        remedy: 'Start the facades with UNLEASH_URL',
      },
      { check: 'flags', actual: 'UNLEASH_UNREACHABLE', remedy: 'Check UNLEASH_URL' },
      {
        check: 'flags in the control database',
        actual: 'on, and nobody reads them: catalog.list',
        remedy: 'Set at Unleash what is still meant',
      },
    ],
    todo: 'mend it; facades keep the flags that they knew',
  },
  {
    name: 'a facade that is to ask Unleash has no token',
    provoke: async () => {},
    answer: {
      start: 'strangler-facade',
      env: { UNLEASH_URL: 'http://127.0.0.1:4242/api' },
      exit: 2,
      code: 'CONFIG_ENV_MISSING',
      says: 'UNLEASH_CLIENT_TOKEN',
    },
    status: [],
    doctor: [],
    todo: 'set it; `--without-flags` where it is meant',
  },
];

async function withoutUnleash(stack: Stack): Promise<void> {
  delete stack.differently.UNLEASH_URL;
  delete stack.differently.UNLEASH_ADMIN_TOKEN;
}

export const evidence: readonly Failure[] = [
  {
    name: 'rows differ',
    provoke: async (stack) => {
      await stack.sql(
        'service',
        `BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL strangler.applying = 'on';
         DELETE FROM items WHERE id = 7; COMMIT`,
      );
    },
    mend: async (stack) => {
      await stack.must('verify', 'catalog', '--repair', '--keys', 'products:7', '--yes');
      await verified(stack);
    },
    answer: { type: 'strangler verify catalog', exit: 3, code: null, says: '1 differ' },
    status: ['verification …1 differing rows', 'verification: 1 differing rows'],
    doctor: [
      {
        check: 'last verification',
        actual: '1 differing rows',
        remedy: 'strangler verify catalog --json',
      },
    ],
    todo: '`strangler verify catalog --repair --keys products:7`',
  },
  {
    name: 'evidence is void (a table was rewritten, a mapping changed)',
    provoke: (stack) => stack.sql('monolith', 'VACUUM FULL products'),
    mend: verified,
    answer: cutoverRefused('verification: void since: '),
    status: ['verification: void since: …', 'next …strangler verify catalog'],
    doctor: [],
    todo: '`strangler verify catalog`',
  },
  {
    name: 'a replicated context without a write route',
    provoke: (stack) => stack.take({ ...catalog, routes: catalog.routes.slice(0, 1) }),
    mend: (stack) => stack.take(catalog),
    answer: cutoverRefused('write-routes: 0'),
    status: ['write-routes: 0', 'next …strangler routes discover'],
    doctor: [{ check: 'write routes', actual: '0', remedy: 'Name its writes in the context file' }],
    todo: '`strangler routes discover`; name them, or say in `noWriteRoutes` why there are none',
  },
  {
    name: 'a mapped table that there is not',
    provoke: (stack) =>
      stack.take({
        ...catalog,
        tables: [
          ...catalog.tables,
          { monolith: 'prices', service: [{ table: 'price_list', columns: { id: 'id' } }] },
        ],
      }),
    mend: (stack) => stack.take(catalog),
    answer: { type: 'strangler verify catalog', exit: 1, code: 'TABLE_MISSING', says: 'prices' },
    status: ['works by the context file before: TABLE_MISSING: …prices'],
    doctor: [
      {
        check: 'monolith publication strangler_catalog_forward',
        actual: 'public.products',
        remedy: 'Start the worker again',
      },
      ...[
        ['mapping', "the monolith's database has no table public.prices"],
        ['fences', 'table public.prices does not exist'],
        ['identity of tables', "the monolith's database has no table public.prices"],
      ].map(([check = '', actual = '']) => ({
        check,
        actual: `TABLE_MISSING: …${actual}`,
        remedy: 'Create the table, or mend the mapping line',
      })),
    ],
    todo: 'create it, or mend the line of the mapping; the worker goes on by the file before',
  },
];
