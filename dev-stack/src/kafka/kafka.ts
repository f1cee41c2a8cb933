import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningProcess } from '../child-process.ts';
import { dataFolder } from '../data-folder.ts';
import { freePort } from '../free-port.ts';
import { properties, startJava, untilItWorks, type JvmOptions } from './jvm.ts';

export interface KafkaOptions extends JvmOptions {
  readonly port?: number;
  /** Further or other settings of the broker. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface KafkaServer {
  /** Address for KAFKA_BROKERS. */
  readonly brokers: string;
  readonly port: number;
  readonly pid: number;
  readonly running: boolean;
  /** Its private folder, gone after `stop`. */
  readonly folder: string;
  /** The last lines printed since the last start, oldest first. */
  logs(): string[];
  /** kill -9, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** Ends the broker and removes its folder. */
  stop(): Promise<void>;
}

const settingsOf = (
  port: number,
  controllerPort: number,
  folder: string,
  own: KafkaOptions['settings'],
): Record<string, string> => ({
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'log.dirs': join(folder, 'data'),
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  // Records that say nothing, for other controllers to see that this one lives: a third of what an idle broker does.
  'metadata.max.idle.interval.ms': '0',
  // As on most clusters that people run for others: a topic that nobody made is an error, not a surprise with one partition.
  'auto.create.topics.enable': 'false',
  ...own,
});

// The controller lets a crashed broker in again only when its session has ended: nine seconds unless told otherwise.
const afterCrash = { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' };

/** Formats a private folder for one broker that is its own controller; what it returns starts the broker, any number of times. */
async function prepare(
  folder: string,
  port: number,
  options: KafkaOptions,
): Promise<(again?: boolean) => Promise<RunningProcess>> {
  const file = join(folder, 'server.properties');
  await mkdir(join(folder, 'tmp'), { recursive: true });
  const controllerPort = await freePort();
  const configure = (own: KafkaOptions['settings']): Promise<void> =>
    writeFile(file, properties(settingsOf(port, controllerPort, folder, own)));
  await configure(options.settings);
  const java = { ...options, scratch: join(folder, 'tmp') };
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  const format = await startJava({
    ...java,
    name: 'kafka storage',
    main: 'kafka.tools.StorageTool',
    args: ['format', '--standalone', `--cluster-id=${id}`, '-c', file],
    ready: 'spawned',
  });
  const { code } = await format.exit;
  if (code !== 0)
    throw new Error(`Kafka's folder could not be formatted:\n${format.logs().join('\n')}`);
  return async (again = false) => {
    if (again) await configure({ ...afterCrash, ...options.settings });
    return startJava({
      ...java,
      name: 'kafka',
      main: 'kafka.Kafka',
      args: [file],
      ready: (line) => line.includes('Kafka Server started'),
    });
  };
}

/** A real Kafka broker on loopback, in a private temporary folder. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const folder = await dataFolder('kafka');
  try {
    const port = options.port ?? (await freePort());
    const start = await prepare(folder.path, port, options);
    let broker = await start();
    return {
      brokers: `127.0.0.1:${port}`,
      port,
      get pid() {
        return broker.pid;
      },
      get running() {
        return broker.running;
      },
      folder: folder.path,
      logs: () => broker.logs(),
      async crash() {
        await broker.kill('SIGKILL');
      },
      async restart() {
        if (broker.running) await broker.stop(30_000);
        broker = await untilItWorks(() => start(true), 20_000);
      },
      async stop() {
        // Its folder goes as well, so there is nothing to close in good order.
        await broker.kill('SIGKILL');
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
