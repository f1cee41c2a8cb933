import { StranglerError } from '@strangler-toolkit/plan';
import { type Admin, Kafka, logLevel, type RetryOptions, type SASLOptions } from 'kafkajs';
import type { KafkaSettings } from './kafka-settings.ts';

let quiet = false;

/** kafkajs 2.2.4 computes negative timeouts, of which newer Node warns: harmless, and nothing that a user could mend (#1751). */
function withoutTimeoutWarnings(): void {
  if (quiet) return;
  quiet = true;
  const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = (...args: unknown[]): void => {
    if (args[1] !== 'TimeoutNegativeWarning') emit(...args);
  };
}

export function createKafka(settings: KafkaSettings, retry: RetryOptions = {}): Kafka {
  withoutTimeoutWarnings();
  return new Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    ...(settings.ssl !== undefined && { ssl: settings.ssl }),
    ...(settings.sasl !== undefined && { sasl: settings.sasl as SASLOptions }),
    // Its log goes to the console as it comes; what matters arrives as an error.
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 5, ...retry },
  });
}

/** Gives a failure of kafkajs its code. */
export function kafkaFailure(error: unknown, { brokers }: KafkaSettings, doing: string): unknown {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return error;
  return new StranglerError(
    'KAFKA_UNREACHABLE',
    `${doing} (${brokers.join(', ')}): ${error.message}`,
    { cause: error },
  );
}

/** Opens an admin connection for the length of `work`. @throws StranglerError KAFKA_UNREACHABLE */
export async function withAdmin<T>(
  settings: KafkaSettings,
  doing: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = createKafka(settings).admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw kafkaFailure(error, settings, doing);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
