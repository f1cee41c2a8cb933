import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningProcess } from '../child-process.ts';
import { dataFolder } from '../data-folder.ts';
import { freePort } from '../free-port.ts';
import { workerProperties } from './jars.ts';
import { properties, startJava, untilItWorks, type JvmOptions } from './jvm.ts';

export interface ConnectOptions extends JvmOptions {
  /** host:port,… of the brokers. */
  readonly brokers: string;
  readonly port?: number;
  /** Folders with plugins besides Debezium's connector for PostgreSQL, one folder per plugin in each. */
  readonly pluginPath?: readonly string[];
  /** Settings besides, or instead of, those of migration/debezium/worker.properties. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface ConnectServer {
  /** Address for CONNECT_URL. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly running: boolean;
  /** Its private folder, gone after `stop`. */
  readonly folder: string;
  /** The last lines printed since the last start, oldest first. */
  logs(): string[];
  /** kill -9, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  /** Lets the connectors finish what they do, ends the worker and removes its folder. */
  stop(): Promise<void>;
}

async function healthy(url: string, worker: RunningProcess): Promise<void> {
  for (const deadline = Date.now() + 120_000; ;) {
    const answered = await fetch(`${url}/health`, { signal: AbortSignal.timeout(10_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    if (!worker.running || Date.now() > deadline) {
      await worker.kill('SIGKILL');
      throw new Error(
        `Kafka Connect did not start. It printed:\n${worker.logs().slice(-30).join('\n')}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A real Kafka Connect worker with Debezium on loopback. Workers on the same brokers share their connectors. */
export async function startConnect(options: ConnectOptions): Promise<ConnectServer> {
  const folder = await dataFolder('connect');
  try {
    const port = options.port ?? (await freePort());
    const url = `http://127.0.0.1:${port}`;
    const file = join(folder.path, 'worker.properties');
    const scratch = join(folder.path, 'tmp');
    const plugins = join(folder.path, 'plugins');
    await mkdir(scratch);
    await mkdir(plugins);
    const own = {
      // How soon a killed worker is missed; its restart waits for that.
      'session.timeout.ms': '6000',
      'heartbeat.interval.ms': '1000',
      'bootstrap.servers': options.brokers,
      listeners: url,
      'plugin.path': [plugins, ...(options.pluginPath ?? [])].join(','),
      ...options.settings,
    };
    await writeFile(file, `${await readFile(workerProperties, 'utf8')}\n${properties(own)}`);
    const start = async (): Promise<RunningProcess> => {
      const started = await startJava({
        ...options,
        name: 'connect',
        main: 'org.apache.kafka.connect.cli.ConnectDistributed',
        args: [file],
        scratch,
        ready: 'spawned',
      });
      await healthy(url, started);
      return started;
    };
    let worker = await start();
    return {
      url,
      port,
      get pid() {
        return worker.pid;
      },
      get running() {
        return worker.running;
      },
      folder: folder.path,
      logs: () => worker.logs(),
      async crash() {
        await worker.kill('SIGKILL');
      },
      async restart() {
        if (worker.running) await worker.stop(30_000);
        worker = await untilItWorks(start, 20_000);
      },
      async stop() {
        await worker.stop(10_000);
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
