import { createRequire } from 'node:module';
import type tls from 'node:tls';
import { readFileSync } from 'node:fs';
import { StranglerError, tlsFailure } from '@strangler-toolkit/plan';
import type * as kafkajs from 'kafkajs';
import type { Admin, Kafka, RetryOptions, SASLOptions } from 'kafkajs';
import type { KafkaSettings, KafkaTlsFiles } from './kafka-settings.ts';

const require = createRequire(import.meta.url);

/** Only for whom asks a broker: each command would wait for its 140 files, whatever the transport. */
export const loadKafkajs = (): typeof kafkajs => require('kafkajs') as typeof kafkajs;

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

/** @throws StranglerError TLS_FILE */
function pem(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StranglerError('TLS_FILE', `${variable}: ${why}`, { cause });
  }
}

const tlsOptions = ({ ca, cert, key }: KafkaTlsFiles): tls.ConnectionOptions => ({
  ...(ca !== undefined && { ca: [pem('KAFKA_SSL_CA_FILE', ca)] }),
  ...(cert !== undefined && { cert: pem('KAFKA_SSL_CERT_FILE', cert) }),
  ...(key !== undefined && { key: pem('KAFKA_SSL_KEY_FILE', key) }),
});

/** @throws StranglerError TLS_FILE */
export function createKafka(settings: KafkaSettings, retry: RetryOptions = {}): Kafka {
  withoutTimeoutWarnings();
  const { Kafka, logLevel } = loadKafkajs();
  return new Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    ...(settings.ssl !== undefined && {
      ssl: typeof settings.ssl === 'boolean' ? settings.ssl : tlsOptions(settings.ssl),
    }),
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
    tlsFailure(error) ?? 'KAFKA_UNREACHABLE',
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
