import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  freePort,
  jarFolder,
  startCommand,
  startConnect,
  temporaryFolder,
  type ConnectServer,
  type RunningProcess,
  type TemporaryFolder,
} from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { Kafka, logLevel } from 'kafkajs';
import { brokerSettings } from './support/broker-settings.ts';
import { loadCompose, parseEnvFile, type ComposeFile } from './support/compose-file.ts';
import { connectSettings } from './support/connect-settings.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

describeWithKafka(
  'Kafka and Connect with what docker-compose.yml tells their images',
  () => {
    let folder: TemporaryFolder;
    let compose: ComposeFile;
    let settings: Record<string, string>;
    let brokers: string;
    let broker: RunningProcess | undefined;
    let connect: ConnectServer | undefined;

    beforeAll(async () => {
      folder = await temporaryFolder('compose-kafka');
      compose = await loadCompose(
        join(repository, 'docker-compose.yml'),
        parseEnvFile(await readFile(join(repository, '.env.example'), 'utf8')),
      );
      const environment = compose.services.kafka!.environment!;
      const [port, controller] = [await freePort(), await freePort()];
      brokers = `127.0.0.1:${port}`;
      // Only names and places are other ones than in the container.
      const here = (value: string): string =>
        value
          .replaceAll('kafka:9092', brokers)
          .replaceAll('kafka:9093', `127.0.0.1:${controller}`)
          .replace('PLAINTEXT://:9092', `PLAINTEXT://${brokers}`)
          .replace('CONTROLLER://:9093', `CONTROLLER://127.0.0.1:${controller}`)
          .replace('/var/lib/kafka/data', join(folder.path, 'data'));
      settings = Object.fromEntries(
        Object.entries(brokerSettings(environment)).map(([name, value]) => [name, here(value)]),
      );
      const file = join(folder.path, 'server.properties');
      await writeFile(
        file,
        Object.entries(settings)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      );

      const java = async (
        name: string,
        main: string,
        args: readonly string[],
        ready: 'spawned' | ((line: string) => boolean),
      ): Promise<RunningProcess> =>
        startCommand({
          name,
          command: process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java',
          cwd: folder.path,
          ready,
          readyTimeoutMs: 120_000,
          env: { JAVA_TOOL_OPTIONS: undefined, CLASSPATH: undefined },
          args: [
            '-Xmx512m',
            '-XX:+UseSerialGC',
            '-XX:TieredStopAtLevel=1',
            '-XX:-UsePerfData',
            `-Djava.io.tmpdir=${folder.path}`,
            `-Dlog4j2.configurationFile=${join(repository, 'dev-stack/src/kafka/log4j2.properties')}`,
            '-cp',
            `${await jarFolder()}/*`,
            main,
            ...args,
          ],
        });
      // As the image's start does it: format what is not formatted yet, then start.
      const format = await java(
        'kafka storage',
        'kafka.tools.StorageTool',
        ['format', '--ignore-formatted', `--cluster-id=${environment.CLUSTER_ID}`, '-c', file],
        'spawned',
      );
      expect([await format.exit, format.logs()]).toEqual([
        { code: 0, signal: null },
        expect.anything(),
      ]);
      broker = await java('kafka', 'kafka.Kafka', [file], (line) =>
        line.includes('Kafka Server started'),
      );
      const {
        'bootstrap.servers': _brokers,
        'rest.advertised.host.name': _host,
        ...worker
      } = connectSettings(compose.services.connect!.environment!);
      connect = await startConnect({ brokers, settings: worker });
    });

    afterAll(async () => {
      await connect?.stop();
      await broker?.stop(20_000);
      await folder?.remove();
    });

    test('the broker starts, and knows every setting by the name that the file gives it', async () => {
      const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      try {
        const { brokers: nodes, clusterId } = await admin.describeCluster();
        expect([
          nodes.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]),
          clusterId,
        ]).toEqual([[[1, brokers]], compose.services.kafka!.environment!.CLUSTER_ID]);
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: 4, name: '1' }],
        });
        const known = new Map(
          resources[0]!.configEntries.map((entry) => [entry.configName, entry.configValue]),
        );
        expect(
          Object.fromEntries(Object.keys(settings).map((name) => [name, known.get(name)])),
        ).toEqual(settings);
      } finally {
        await admin.disconnect();
      }
    });

    test('Connect starts, has Debezium for PostgreSQL and answers the health check', async () => {
      const check = compose.services
        .connect!.healthcheck!.test.at(-1)!
        .replace('http://localhost:8083', connect!.url);
      expect((await fetch(check)).status).toBe(200);
      const plugins = (await (await fetch(`${connect!.url}/connector-plugins`)).json()) as {
        class: string;
        version: string;
      }[];
      const { debezium } = JSON.parse(
        await readFile(join(repository, 'migration/debezium/versions.json'), 'utf8'),
      ) as { debezium: string };
      expect(plugins).toContainEqual(
        expect.objectContaining({
          class: 'io.debezium.connector.postgresql.PostgresConnector',
          version: debezium,
        }),
      );
    });

    test('Connect makes its topics on one broker, although nothing else may', async () => {
      const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      try {
        const topics = await admin.fetchTopicMetadata({
          topics: [
            'strangler-connect-configs',
            'strangler-connect-offsets',
            'strangler-connect-status',
          ],
        });
        expect(
          topics.topics.map((topic) => `${topic.name} ${topic.partitions.length}`).sort(),
        ).toEqual([
          'strangler-connect-configs 1',
          'strangler-connect-offsets 5',
          'strangler-connect-status 1',
        ]);
        await expect(admin.fetchTopicMetadata({ topics: ['a-misspelt-name'] })).rejects.toThrow(
          'This server does not host this topic-partition',
        );
      } finally {
        await admin.disconnect();
      }
    });
  },
  { ownServers: true },
);
