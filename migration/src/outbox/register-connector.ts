import { databaseName, withConnection } from '../database/connect.ts';
import { parseTableName, quoteTable } from '../database/identifiers.ts';
import { databaseFailure } from '../database/failures.ts';
import { StranglerError } from '../errors.ts';
import { dropSlot } from '../stream/embedded/index.ts';
import { streamNames } from '../stream/names.ts';
import { ConnectRest, type ConnectorConfig, type ConnectorStatus } from './connect-rest.ts';
import { outboxConnectorConfig } from './connector-config.ts';
import { ensureOutboxPublication } from './outbox-publication.ts';

export interface OutboxConnection {
  /** First part of the topics' names. */
  readonly service: string;
  /** The service's database, as Kafka Connect reaches it. */
  readonly url: string;
  readonly connectUrl: string;
  /** Default `outbox`. */
  readonly table?: string;
  /** Of topics that nobody made yet (default 3). */
  readonly partitions?: number;
  readonly signal?: AbortSignal;
}

export interface ConnectorPlan {
  readonly name: string;
  readonly config: ConnectorConfig;
  readonly topics: string;
  /** Settings of the running connector that would change; `undefined` when there is none. */
  readonly changes: readonly { readonly setting: string; readonly from: string | null; readonly to: string | null }[] | undefined;
}

export const outboxConnectorName = (service: string, url: string): string => streamNames(service, 'outbox', databaseName(url)).slot;

/** What registering would do, without doing it. */
export async function planOutboxConnector(options: OutboxConnection): Promise<ConnectorPlan> {
  const { service, url, connectUrl, signal } = options;
  const name = outboxConnectorName(service, url);
  const config = outboxConnectorConfig({ service, url, name, table: parseTableName(options.table ?? 'outbox'), partitions: options.partitions ?? 3 });
  const running = await new ConnectRest(connectUrl, signal).config(name);
  return { name, config, topics: config['transforms.outbox.route.topic.replacement'] ?? '', changes: running && difference(running, config) };
}

/** Publishes the table and registers the connector, or brings a running one up to date; waits until it runs. Runs again without harm. */
export async function connectOutbox(options: OutboxConnection): Promise<ConnectorPlan> {
  const table = parseTableName(options.table ?? 'outbox');
  await withConnection(options.url, { applicationName: 'strangler-outbox' }, async (client) => {
    await client.query(`SELECT FROM ${quoteTable(table)} LIMIT 0`).catch((error: unknown) => Promise.reject(databaseFailure(error, `${options.service} has no outbox (installOutbox of the service kit makes it)`)));
    await ensureOutboxPublication(client, table);
  });
  const plan = await planOutboxConnector(options);
  const connect = new ConnectRest(options.connectUrl, options.signal);
  if (plan.changes === undefined || plan.changes.length > 0) await connect.put(plan.name, plan.config);
  // Connect leaves a failed task as it is until somebody asks.
  else if (hasFailed(await connect.status(plan.name))) await connect.restartFailed(plan.name);
  await untilRunning(connect, plan.name);
  return plan;
}

/** Removes connector and slot; topics and what is in them stay. */
export async function disconnectOutbox(options: OutboxConnection): Promise<{ readonly name: string; readonly connector: 'deleted' | 'absent'; readonly slot: 'dropped' | 'absent' }> {
  const name = outboxConnectorName(options.service, options.url);
  const connector = await new ConnectRest(options.connectUrl, options.signal).delete(name);
  const slot = await withConnection(options.url, { applicationName: 'strangler-outbox' }, (client) => dropSlot(client, name, { timeoutMs: 30_000 }));
  return { name, connector, slot };
}

const difference = (from: ConnectorConfig, to: ConnectorConfig): NonNullable<ConnectorPlan['changes']> =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])]
    // Connect adds the name itself.
    .filter((setting) => setting !== 'name' && from[setting] !== to[setting])
    .toSorted()
    .map((setting) => (/password/.test(setting) ? { setting, from: '***', to: '***' } : { setting, from: from[setting] ?? null, to: to[setting] ?? null }));

const hasFailed = (status: ConnectorStatus | undefined): boolean => status !== undefined && (status.state === 'FAILED' || status.tasks.some((task) => task.state === 'FAILED'));

async function untilRunning(connect: ConnectRest, name: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  let failingSince: number | undefined;
  for (;;) {
    const status = await connect.status(name);
    const task = status?.tasks[0];
    if (status?.state === 'RUNNING' && task?.state === 'RUNNING') return;
    // For a moment after a restart the old failure is still told.
    failingSince = hasFailed(status) ? (failingSince ?? performance.now()) : undefined;
    if (failingSince !== undefined && performance.now() - failingSince > 3000) throw new StranglerError('CONNECTOR_FAILED', `Connector ${name} failed: ${reason(task?.trace)}`, { details: { trace: task?.trace } });
    if (performance.now() > deadline) throw new StranglerError('TIMEOUT', `Connector ${name} is ${status?.state ?? 'absent'}, its task ${task?.state ?? 'absent'}, 60 s after it was registered`);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}

/** The innermost cause says what it is; a Java trace says the rest. */
const reason = (trace = ''): string => trace.split('\n').filter((line) => line.startsWith('Caused by:')).at(-1)?.slice(11) ?? trace.split('\n')[0] ?? 'it tells no reason';
