import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jarFolder, missingForKafka, startConnect, startKafka } from '@strangler-toolkit/dev-stack';
import type { Site } from '../site.ts';
import { type Connectors, connectorsAt } from './connectors.ts';

export interface KafkaStack {
  readonly brokers: string;
  readonly connectors: Connectors;
  /** What a user sets to make the worker use it. */
  readonly env: Readonly<Record<string, string>>;
}

/** A broker, and a Connect worker that knows Debezium's source and its JDBC sink, with the JVM as it is for work that lasts. */
export async function startStack(site: Site): Promise<KafkaStack> {
  const missing = await missingForKafka();
  if (missing.length > 0)
    throw new Error(
      `the parts with Kafka need ${missing.join(' and ')} (apt-get install openjdk-17-jre-headless maven), or name others with --only`,
    );
  site.tell('starting Kafka and Kafka Connect');
  const kafka = await startKafka({ heap: '1g', javaOptions: [] });
  site.onClose(() => kafka.stop());
  const connect = await startConnect({
    brokers: kafka.brokers,
    heap: '1536m',
    javaOptions: [],
    pluginPath: [await sinkPlugin(site)],
    settings: { 'plugin.discovery': 'hybrid_warn' },
  });
  site.onClose(() => connect.stop());
  return {
    brokers: kafka.brokers,
    connectors: connectorsAt(connect.url),
    env: { STRANGLER_TRANSPORT: 'kafka', KAFKA_BROKERS: kafka.brokers, CONNECT_URL: connect.url },
  };
}

/** The sink's jars in a folder of their own, with the Jackson that Kafka has: what the sink brings does not fit to it. */
async function sinkPlugin(site: Site): Promise<string> {
  const plugins = join(site.folder, 'plugins');
  const folder = join(plugins, 'jdbc-sink');
  await mkdir(folder, { recursive: true });
  const [sink, kafka] = await Promise.all([
    jarFolder(fileURLToPath(new URL('../../../jdbc-sink/pom.xml', import.meta.url))),
    jarFolder(),
  ]);
  for (const jar of await readdir(sink))
    if (!jar.startsWith('jackson-')) await cp(join(sink, jar), join(folder, jar));
  for (const jar of await readdir(kafka))
    if (jar.startsWith('jackson-')) await cp(join(kafka, jar), join(folder, jar));
  return plugins;
}
