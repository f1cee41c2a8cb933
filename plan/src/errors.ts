/**
 * Every failure that a person or a program can meet has one code here. A message says what happened and where;
 * the remedy says what to do next. `migration/test/errors.test.ts` holds this table against the sources.
 */
export const errorCodes = {
  // configuration
  CONFIG_NOT_FOUND:
    'Point --contexts (or STRANGLER_CONTEXTS) at the folder that holds your context files, or write one with: strangler init',
  CONFIG_INVALID:
    'Mend the named field of the named file; the editor completes it through defineMigration.',
  CONFIG_ENV_MISSING: 'Set the named environment variable (docs/guide/reference.md lists them).',
  CONTEXT_UNKNOWN: 'Use one of the listed contexts, or add a context file.',
  ROUTE_UNKNOWN: 'Use one of the listed routes of the context file.',
  USAGE: 'Run the command with --help.',
  // databases
  DB_UNREACHABLE:
    'Check that the database runs and that the URL, user, password and network path are right.',
  DB_AUTH: 'Check user and password of the database URL.',
  TLS_FILE:
    'Give the path of a PEM file that this process may read: sslrootcert, sslcert and sslkey of a database URL, KAFKA_SSL_…_FILE, ' +
    'PACT_BROKER_CA_FILE.',
  TLS_FAILED:
    "Name the CA that signed the server's certificate (sslmode=verify-full&sslrootcert=… in a database URL, KAFKA_SSL_CA_FILE), " +
    'and the host as the certificate has it; a server without TLS wants neither.',
  DB_PRIVILEGE: 'Run the GRANT that the message names, as a superuser of that database.',
  DB_POOLER:
    'Give the URL of the server itself beside it (databaseDirect of that side), or of a pool with pool_mode = session: ' +
    'settings and locks must outlive a transaction.',
  DB_VERSION:
    'Upgrade that server; docs/guide/your-database.md lists the versions and what an older one lacks.',
  DB_DISK_FULL:
    'Free disk space on the database server, then run the command again: it continues where it stopped.',
  WAL_LEVEL: 'Set wal_level = logical on the named server and restart it.',
  NO_REPLICATION_SLOTS:
    'Raise max_replication_slots and max_wal_senders, or drop a slot that nobody uses.',
  LOG_DECODER_MISSING:
    "Install PostgreSQL's own contrib modules on that server (test_decoding is one of them); managed servers have it.",
  LOG_TOO_LONG:
    'Somebody wrote much at once. Watch again when that is over: what was counted until then is kept.',
  TABLE_MISSING: 'Create the table, or mend the mapping line that names it.',
  COLUMN_MISSING: 'Mend the mapping line that names the column.',
  TABLE_KIND: 'Map an ordinary or partitioned table that is logged; the message names what it is.',
  ROW_POLICY:
    'ALTER ROLE … BYPASSRLS for the role of the database URL: row policies would hide rows from copy and comparison alike.',
  KEYS_COLLIDE:
    'Give the key a column that names the side which wrote the row (docs/guide/both-write.md), and put it into where.',
  REPLICA_IDENTITY:
    'Add a primary key, or ALTER TABLE … REPLICA IDENTITY USING INDEX or FULL (FULL writes whole old rows to WAL).',
  CONTROL_SCHEMA_OLDER:
    'A command that only looks never changes it: strangler control migrate does, as does the next command that works.',
  CONTROL_SCHEMA_NEWER:
    'Start the newer release again: nothing was changed. To stay on this one, put back the backup of the control database that was ' +
    'made before the upgrade, then: strangler control restore <context> --from-sides (docs/deploy.md, "Going back").',
  REPLICA_SCHEMA_NEWER:
    'Start the newer release again: nothing was changed. Data databases are not taken back, so this release cannot work on them ' +
    '(docs/deploy.md, "Going back").',
  REPLICA_SCHEMA_BUSY:
    "A transaction that wrote to or read the toolkit's tables did not end in time: let it end, or end it (the message has its " +
    'pid), then run the command again; nothing was changed.',
  SQL_FAILED:
    'Mend the file, or bring the scratch database to the schema that it begins with. What cannot run in a transaction ' +
    '(CREATE INDEX CONCURRENTLY) goes with your own tool into a second database: --before and --after.',
  // moving data
  SLOT_LOST:
    'Changes may be missing: run strangler replicate <context> --restart, which copies anew.',
  SLOT_BUSY:
    'Another process reads this slot: stop it, or wait until the server notices that it is gone.',
  POSITION_GAP:
    'The slot is past the stored position, so changes are missing: run strangler replicate <context> --restart.',
  HISTORY_CHANGED:
    'The source was restored from a backup or a copy, so its log is another one: put the right ' +
    'database back, or copy anew with strangler replicate <context> --restart.',
  STREAM_CLOSED:
    'The owner of the context changed while this worker applied: nothing to do, the worker follows.',
  SCHEMA_CHANGED:
    'Mend the mapping line that the message names, then start the worker again: it continues where it stopped.',
  IDENTITY_CHANGED:
    'Changes that came without an event may be missing: strangler replicate <context> --reread compares the ' +
    'tables and sends what differs, --restart copies anew.',
  ROW_OUTSIDE:
    'Mend the row at the service: give it a value that the condition (tables[…].where) takes, or another key, or delete it; then ' +
    'strangler dead-letters replay <context>. Sides that both give out ids need ranges that cannot meet.',
  VALUE_INEXACT:
    'Mend the row at its owner, or map the column otherwise; strangler mapping check <context> counts such rows.',
  APPLY_FAILED: 'Read the cause; the batch was rolled back and will be applied again.',
  DEAD_LETTERS: 'List them with: strangler dead-letters list <context>; then replay or drop each.',
  COPY_FAILED:
    'Mend what the message names, then run strangler replicate <context> again: the initial copy goes on, or says why it begins anew.',
  TARGET_NOT_EMPTY:
    'The target tables hold rows that replication did not write: empty them, or use --restart to replace them.',
  KAFKA_UNREACHABLE:
    'Check that the brokers run and that KAFKA_BROKERS names them as they can be reached from here.',
  CONNECT_UNREACHABLE: 'Check that Kafka Connect runs and that CONNECT_URL is its address.',
  CONNECTOR_FAILED:
    'Read the cause and mend it, then run the command again: it registers and restarts the connector.',
  DECODE_FAILED:
    'Read the cause: a value came in a form that its column cannot have. Nothing after it was ' +
    'applied; mend the connector or the table, then run strangler replicate <context> --restart.',
  TYPE_UNSUPPORTED:
    'Use the embedded transport for this context, leave the column out of the mapping, or change its type.',
  EVENT_FAILED:
    'Read the cause and mend the handler, then start it again: the event is delivered again. To ' +
    'pass it by, insert consumer and event id into strangler.processed_events.',
  // steps
  MOVE_NOT_ALLOWED: 'strangler status <context> shows the next possible command.',
  GATE_REFUSED: 'Bring the evidence that the gate names, or use --force --reason (journaled).',
  LEASE_HELD: 'Another command works on this context: wait for it, or for its lease to run out.',
  LEASE_LOST: 'Run the command again: it finds out by itself where the step stands.',
  CONTROL_FELL_BACK:
    'The control database went back to an earlier state: ' +
    'strangler control restore <context> --from-sides --dry-run shows what the data databases know.',
  SIDE_FELL_BACK:
    'A data database went back to an earlier state: put the right one back, or ' +
    'copy anew with strangler replicate <context> --restart while the monolith owns.',
  NO_FACADE:
    'Start the facade (it registers itself in the control database), or use --no-facade when no traffic flows.',
  HOLD_TIMEOUT: 'A facade instance did not confirm the hold: look at its log; nothing was changed.',
  FENCE_TIMEOUT:
    'A transaction on the tables did not end in time: find it in pg_stat_activity; nothing was changed.',
  FENCE_OPENED:
    'Find who ran ALTER TABLE … TRIGGER on the tables (a restore script, a bulk load) and keep it away, then try again; the owner stays.',
  CATCH_UP_TIMEOUT:
    'The worker did not reach the stop position in time: is it running? Nothing was changed.',
  REVERSE_UNPROVEN: 'The way back does not work yet: read the cause; nothing was changed.',
  VERIFY_DIFFERENCES: 'See the keys with --json, then strangler verify <context> --repair --keys …',
  WORKER_NOT_RUNNING: 'Start it: strangler replicate <context>',
  WORKER_ALREADY_RUNNING:
    'Another worker of this context is alive; this one would only wait for it.',
  CONFIRMATION_NEEDED: 'Use --yes where nobody can answer a question.',
  // flags, http, contracts
  UNLEASH_UNREACHABLE:
    'Check UNLEASH_URL and that the server runs; the facade keeps the last known flags.',
  UNLEASH_NEEDED:
    'Use 0 or 100, or set UNLEASH_URL: shares between them need Unleash (docs/guide/your-system.md).',
  UNLEASH_AUTH: 'Check UNLEASH_ADMIN_TOKEN: changing flags needs an admin token.',
  PORT_IN_USE: 'Stop the other process or choose another port.',
  PACTS_NOT_FOUND:
    'Run the consumer tests first: they write the pacts. Look at contracts.pacts and .provider.',
  PACTS_FAILED:
    'Read the mismatches above: the named side does not behave as the consumer expects.',
  PACTS_UNREACHABLE:
    'Start the named provider, or mend its address (contracts.url, contracts.providers).',
  PACTS_NOT_VERIFIED:
    'Enter the state (contracts.states), or take away "pending": what was not verified proves nothing.',
  BROKER_UNREACHABLE:
    'Check that the Pact Broker runs and that PACT_BROKER_BASE_URL reaches it from here; what files can do works with --no-broker.',
  BROKER_AUTH:
    'Check PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD, and what they may do at the Pact Broker.',
  BROKER_NOT_FOUND:
    'Publish it first: strangler contracts publish, strangler contracts verify --publish-results, strangler contracts environment.',
  BROKER_CONFLICT:
    'A version is published once: publish changed pacts with a version of their own (--consumer-version), the next commit for instance.',
  BROKER_REFUSED: "Mend what the Pact Broker's own words above name, then run the command again.",
  BROKER_FAILED: "Look at the Pact Broker's log; nothing was concluded from its answer.",
  BROKER_UNSUITABLE:
    'Point PACT_BROKER_BASE_URL at the index of a Pact Broker (2.86 or newer), by the address that it calls itself by.',
  CONTRACTS_VERSION_UNKNOWN:
    'Name the version (--consumer-version, --provider-version), or commit what was changed: the commit is the version then.',
  OPENAPI_BREAKS:
    "Mend the service or its document; what is meant to change needs its clients' word first.",
  FACADE_NOT_INSTALLED: 'npm install --save-dev @strangler-toolkit/facade',
  PART_ENDED: 'Read its last lines above, mend what they say, and start again.',
  CONTRACTS_NOT_INSTALLED: 'npm install --save-dev @strangler-toolkit/contracts',
  TIMEOUT: 'Try again; if it stays, look at the log of the process that was waited for.',
  CANCELLED: 'Run the command again: every step can be repeated.',
  INTERNAL: 'This is a defect of the toolkit: please report it with the whole message.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** The one error class of the toolkit. `message` says what and where, `remedy` what to do next. */
export class StranglerError extends Error {
  /** Lets callers recognise the error across copies of the package. */
  readonly isStranglerError = true;
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;
  override readonly name = 'StranglerError';

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown>; remedy?: string } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.#remedy = options.remedy;
  }

  readonly #remedy: string | undefined;

  get remedy(): string {
    return this.#remedy ?? errorCodes[this.code];
  }

  toJSON(): { code: ErrorCode; message: string; remedy: string; details: Record<string, unknown> } {
    return { code: this.code, message: this.message, remedy: this.remedy, details: this.details };
  }
}

export const isStranglerError = (error: unknown): error is StranglerError =>
  typeof error === 'object' &&
  error !== null &&
  'isStranglerError' in error &&
  error.isStranglerError === true;

/**
 * The `code` of an error that Node or PostgreSQL raised (`ECONNREFUSED`, `42501`); empty when it has none.
 * Trying both 127.0.0.1 and ::1 yields an AggregateError around the real reasons: the first one counts.
 */
export const codeOf = (error: unknown): string => {
  if (error instanceof AggregateError && !('code' in error)) return codeOf(error.errors[0]);
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
};
