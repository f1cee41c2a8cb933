import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type KafkaServer,
  sharedKafka,
  startKafka,
  startTlsPostgres,
  type TlsPostgres,
  until,
} from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { kafkaSettings } from '../../src/stream/kafka/kafka-settings.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import { cli, type RunningCli, startCli } from '../support/cli.ts';
import { openScene, type Scene } from '../support/scene.ts';

describeWithKafka('a broker, and a database of a connector, that speak TLS only', () => {
  let place: TlsPostgres;
  let kafka: KafkaServer;
  let scene: Scene;
  let worker: RunningCli | undefined;
  let tls: Record<string, string>;
  const { TEST_PG_URL: shared } = process.env;

  /** Key and certificate in one file, as Kafka's own PEM stores are. */
  const keystore = async (name: string): Promise<string> => {
    const { cert, key } = await place.authority.sign(name);
    const file = join(place.folder, `${name}.pem`);
    await writeFile(file, (await readFile(key, 'utf8')) + (await readFile(cert, 'utf8')));
    return file;
  };

  beforeAll(async () => {
    place = await startTlsPostgres();
    process.env.TEST_PG_URL = place.url('postgres');
    const { authority } = place;
    const us = await authority.sign('us');
    kafka = await startKafka({
      settings: {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': await keystore('broker'),
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': authority.ca,
        'listener.security.protocol.map': 'PLAINTEXT:SSL,CONTROLLER:PLAINTEXT',
        'inter.broker.listener.name': 'PLAINTEXT',
        'ssl.client.auth': 'required',
      },
    });
    tls = {
      KAFKA_SSL_CA_FILE: authority.ca,
      KAFKA_SSL_CERT_FILE: us.cert,
      KAFKA_SSL_KEY_FILE: us.key,
    };
    const { brokers, connectUrl } = await sharedKafka();
    scene = await openScene('tls_kafka', {
      STRANGLER_TRANSPORT: 'kafka',
      KAFKA_BROKERS: brokers,
      CONNECT_URL: connectUrl,
    });
  });
  afterAll(async () => {
    worker?.child.kill('SIGKILL');
    await worker?.done;
    await kafka?.stop();
    await removeConnectors();
    await scene?.close();
    process.env.TEST_PG_URL = shared;
    await place?.stop();
  });

  /** Connect is shared: what reads this server must not go on asking for it. */
  const removeConnectors = async (): Promise<void> => {
    const connectors = `${scene?.env['CONNECT_URL']}/connectors`;
    const found = (await (await fetch(`${connectors}?expand=info`)).json()) as Record<
      string,
      { info: { config: Record<string, string> } }
    >;
    for (const [name, { info }] of Object.entries(found))
      if (info.config['database.port'] === String(place.server.port))
        await fetch(`${connectors}/${name}`, { method: 'DELETE' });
  };

  test('the connector is told what our URL says, and reads over TLS', async () => {
    const copied = await cli(['replicate', 'catalog', '--until-caught-up'], scene.env);
    expect(copied).toMatchObject({ code: 0 });
    worker = startCli(['replicate', 'catalog'], scene.env);
    await scene.sql(scene.monolith, `UPDATE products SET name = 'changed' WHERE id = 7`);
    await until(
      'the change came',
      async () =>
        (await scene.sql(scene.service, `SELECT FROM items WHERE id = 7 AND title = 'changed'`))
          .length === 1,
    );
  });

  test('a broker that wants to know us is reached with our certificate and its CA', async () => {
    expect(await listing(tls)).toEqual([]);
  });

  const listing = (env: Record<string, string>): Promise<unknown> =>
    withAdmin(
      kafkaSettings({ KAFKA_BROKERS: kafka.brokers, ...env }, 'test'),
      'Cannot list topics',
      (admin) => admin.listTopics(),
    );

  test('a CA that did not sign is refused with a code, and so is no CA at all', async () => {
    for (const env of [{ KAFKA_SSL_CA_FILE: place.stranger.ca }, { KAFKA_SSL: 'true' }])
      await expect(listing(env)).rejects.toMatchObject({
        code: 'TLS_FAILED',
        message: expect.stringContaining(kafka.brokers),
        remedy: expect.stringContaining('KAFKA_SSL_CA_FILE'),
      });
  });

  test.each(['KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'])(
    '%s that cannot be read is told by its name and path',
    async (variable) => {
      const missing = join(place.folder, 'no-such.pem');
      await expect(listing({ ...tls, [variable]: missing })).rejects.toMatchObject({
        code: 'TLS_FILE',
        message: expect.stringMatching(new RegExp(`^${variable}: .*no-such\\.pem`)),
      });
    },
  );
});
