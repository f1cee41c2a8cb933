import { StranglerError } from '@strangler-toolkit/plan';
import { pause } from '../../pause.ts';
import { type ConnectClient, failureOf, isRunning } from './connect-client.ts';
import { connectorFailure } from './connector-failure.ts';
import { configDifferences } from './connector-config.ts';
import type { KafkaPlan } from './plan-stream.ts';

interface EnsureOptions {
  readonly signal: AbortSignal;
  readonly onDifference: ((lines: readonly string[]) => void) | undefined;
  readonly timeoutMs: number;
  /** Whether the slot is read: a task is called running before it tried. */
  readonly reading: () => Promise<boolean>;
}

/** Registers the connector, or makes it what it should be, and waits until it reads its slot. */
export async function ensureConnector(
  connect: ConnectClient,
  { connector, config }: KafkaPlan,
  options: EnsureOptions,
): Promise<void> {
  const running = await connect.config(connector);
  const differences = running ? configDifferences(running, config) : [];
  if (differences.length > 0) options.onDifference?.(differences);
  if (!running || differences.length > 0) await connect.put(connector, config);
  const status = await connect.status(connector);
  if (status?.state === 'PAUSED' || status?.state === 'STOPPED') {
    options.onDifference?.([`connector ${connector} is ${status.state}: resumed`]);
    await connect.resume(connector);
  }
  await untilRunning(connect, { connector, config }, options);
}

/** @throws StranglerError CONNECTOR_FAILED, POSITION_GAP, SLOT_LOST, CANCELLED */
async function untilRunning(
  connect: ConnectClient,
  { connector: name, config }: Pick<KafkaPlan, 'connector' | 'config'>,
  { signal, timeoutMs, reading }: EnsureOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let restarts = 0;
  let failedSince: number | undefined;
  let lookAt = performance.now() + 15_000;
  for (;;) {
    if (signal.aborted) throw new StranglerError('CANCELLED', 'Cancelled');
    const status = await connect.status(name);
    const running = isRunning(status);
    if (running && (await reading())) return;
    const failure = failureOf(status);
    if (failure === null) failedSince = undefined;
    else {
      failedSince ??= performance.now();
      // Connect leaves what failed as it is until somebody asks. For a moment afterwards the old failure is still told.
      if (restarts === 0) {
        restarts += 1;
        await connect.restartFailed(name);
      } else if (performance.now() - failedSince > 5000) throw connectorFailure(name, failure);
    }
    if (performance.now() > lookAt) {
      // A task that cannot reach the database tries for ever and is called running; only a look as its own tells why.
      const problems = await connect.validate(name, config);
      if (problems.length > 0)
        throw new StranglerError(
          'CONNECTOR_FAILED',
          `Connector ${name} does not read its slot: ${problems.join('; ')}`,
          { details: { connector: name } },
        );
      lookAt = performance.now() + 15_000;
    }
    if (performance.now() > deadline) {
      const what =
        `is ${status?.state ?? 'absent'}, its task ` +
        `${status?.tasks[0]?.state ?? 'absent'}${running ? ', and its slot is not read,' : ''} ` +
        `after ${Math.round(timeoutMs / 1000)} s`;
      throw new StranglerError('CONNECTOR_FAILED', `Connector ${name} ${what}`, {
        remedy: `The log of Kafka Connect${status ? ` on ${status.worker}` : ''} says why.`,
        details: { connector: name },
      });
    }
    await pause(100, signal);
  }
}
