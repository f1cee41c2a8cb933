import { createServer } from 'node:http';
import { startConnect, type ConnectServer } from './connect.ts';
import { startKafka, type KafkaServer } from './kafka.ts';
import { recordClasses } from './record-classes.ts';

/** Environment variable with the address at which a test run's Kafka can be asked for. */
export const serviceVariable = 'TEST_KAFKA_SERVICE';

export interface SharedKafka {
  /** host:port,… as KAFKA_BROKERS takes it. */
  readonly brokers: string;
  /** As CONNECT_URL takes it. */
  readonly connectUrl: string;
}

export interface SharedKafkaService {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a broker and a Connect worker when they are first asked for, and tells everybody the same ones. */
export async function serveSharedKafka(): Promise<SharedKafkaService> {
  let kafka: KafkaServer | undefined;
  let connect: ConnectServer | undefined;
  const start = async (): Promise<SharedKafka> => {
    await recordClasses();
    kafka = await startKafka();
    // Nobody kills this worker, so it may be as slow as a full test run makes it before the others take over its work.
    connect = await startConnect({
      brokers: kafka.brokers,
      settings: { 'session.timeout.ms': '30000' },
    });
    return { brokers: kafka.brokers, connectUrl: connect.url };
  };
  let started: Promise<SharedKafka> | undefined;
  const server = createServer((_request, response) => {
    started ??= start();
    started.then(
      (shared) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(shared)),
      (error: unknown) =>
        response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Whoever asked for it has ended before the service is told to.
  server.unref();
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await started?.catch(() => {});
      await connect?.crash();
      await connect?.stop();
      await kafka?.stop();
    },
  };
}

/**
 * Kafka and Connect of this test run, or of KAFKA_BROKERS and CONNECT_URL when they are set. Topics and
 * connectors need names of their own.
 */
export async function sharedKafka(): Promise<SharedKafka> {
  const {
    KAFKA_BROKERS: brokers,
    CONNECT_URL: connectUrl,
    [serviceVariable]: service,
  } = process.env;
  if (brokers && connectUrl) return { brokers, connectUrl };
  if (!service)
    throw new Error(
      `${serviceVariable} is not set: run the tests through npm test, or set KAFKA_BROKERS and CONNECT_URL`,
    );
  const response = await fetch(service, { method: 'POST' });
  if (!response.ok) throw new Error(`Kafka could not be started: ${await response.text()}`);
  return (await response.json()) as SharedKafka;
}
