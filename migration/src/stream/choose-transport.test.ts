import { describe, expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { chooseTransport, kafkaTransportSettings } from './choose-transport.ts';

const definition: MigrationDefinition = {
  context: 'catalog',
  data: 'replicated',
  monolith: { url: 'http://m' },
  service: { url: 'http://s' },
  routes: [],
  tables: [
    {
      monolith: 'legacy.lines',
      key: ['order_id', 'n'],
      service: [
        { table: 'lines', columns: { order_id: 'order', n: { to: 'position' }, sum: 'amount' } },
      ],
    },
    { monolith: 'products', service: [{ table: 'items', columns: { id: 'id' } }] },
  ],
};
const env = { KAFKA_BROKERS: 'a:9092, b:9093', CONNECT_URL: 'http://connect:8083/' };
const choose = (
  replication: MigrationDefinition['replication'],
  environment: Record<string, string> = env,
) => chooseTransport({ ...definition, ...(replication && { replication }) }, environment);
const settings = (environment: Record<string, string>) =>
  kafkaTransportSettings(definition, { ...env, ...environment });

describe('how changes travel', () => {
  test('embedded, unless the context file or the environment says kafka; the file wins', () => {
    expect(choose(undefined).kind).toBe('embedded');
    expect(choose(undefined, { ...env, STRANGLER_TRANSPORT: 'kafka' }).kind).toBe('kafka');
    expect(choose({ transport: 'embedded' }, { ...env, STRANGLER_TRANSPORT: 'kafka' }).kind).toBe(
      'embedded',
    );
    expect(choose({ transport: 'kafka' }).kind).toBe('kafka');
    expect(choose({ transport: { env: 'HOW', default: 'embedded' } }).kind).toBe('embedded');
    expect(choose({ transport: { env: 'HOW' } }, { ...env, HOW: 'kafka' }).kind).toBe('kafka');
  });

  test('anything else is refused where it stands', () => {
    expect(() => choose(undefined, { STRANGLER_TRANSPORT: 'Kafka' })).toThrow(
      'STRANGLER_TRANSPORT must be embedded or kafka (is "Kafka")',
    );
    expect(() => choose({ transport: { env: 'HOW' } }, { HOW: 'x' })).toThrow(
      'HOW must be embedded or kafka (is "x")',
    );
    expect(() => choose({ transport: { env: 'HOW' } }, {})).toThrow(
      'HOW is not set (needed for replication.transport of context catalog)',
    );
  });

  test.each([
    [{ KAFKA_BROKERS: '' }, 'KAFKA_BROKERS is not set'],
    [{ CONNECT_URL: '' }, 'CONNECT_URL is not set'],
    [{ KAFKA_BROKERS: 'a:9092,b' }, '"b" is not host:port'],
    [{ KAFKA_BROKERS: 'http://a:9092' }, 'is not host:port'],
    [{ CONNECT_URL: 'connect:8083' }, 'CONNECT_URL must be a URL'],
    [{ KAFKA_SSL: 'yes' }, 'KAFKA_SSL must be true or false'],
    [{ KAFKA_SSL: 'false', KAFKA_SSL_CA_FILE: '/ca' }, 'KAFKA_SSL is false, but'],
    [{ KAFKA_SSL_CERT_FILE: '/cert' }, 'KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE belong'],
    [{ KAFKA_SSL_KEY_FILE: '/key', KAFKA_SSL_CERT_FILE: '' }, 'belong together'],
    [{ KAFKA_SASL_MECHANISM: 'gssapi' }, 'KAFKA_SASL_MECHANISM must be one of'],
    [{ KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_USERNAME is not set'],
  ])('%j: %s', (environment, message) => expect(() => settings(environment)).toThrow(message));

  test('brokers, encryption and credentials come from the environment', () => {
    expect(settings({}).kafka).toEqual({
      brokers: ['a:9092', 'b:9093'],
      clientId: 'strangler-catalog',
    });
    expect(
      settings({
        KAFKA_SSL: 'true',
        KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
        KAFKA_SASL_USERNAME: 'u',
        KAFKA_SASL_PASSWORD: 'p',
      }).kafka,
    ).toMatchObject({
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    });
  });

  test('a file of certificates asks for encryption by itself', () => {
    expect(settings({ KAFKA_SSL_CA_FILE: '/ca' }).kafka).toMatchObject({ ssl: { ca: '/ca' } });
    expect(
      settings({
        KAFKA_SSL: 'true',
        KAFKA_SSL_CA_FILE: '/ca',
        KAFKA_SSL_CERT_FILE: '/cert',
        KAFKA_SSL_KEY_FILE: '/key',
      }).kafka,
    ).toMatchObject({ ssl: { ca: '/ca', cert: '/cert', key: '/key' } });
  });

  test('the mapping says what is read and by what rows are known, on both sides', () => {
    const { carried, keyColumns, partitions, retentionHours } = settings({});
    expect([partitions, retentionHours]).toEqual([3, 168]);
    expect(carried).toEqual({
      forward: [
        {
          schema: 'legacy',
          table: 'lines',
          columns: ['order_id', 'n', 'sum'],
          key: ['order_id', 'n'],
        },
        { schema: 'public', table: 'products', columns: ['id'] },
      ],
      reverse: [
        { schema: 'public', table: 'lines', columns: ['order', 'position', 'amount'] },
        { schema: 'public', table: 'items', columns: ['id'] },
      ],
    });
    expect([...keyColumns.forward]).toEqual([['legacy.lines', ['order_id', 'n']]]);
    expect([...keyColumns.reverse]).toEqual([['public.lines', ['order', 'position']]]);
  });

  test('Connect may reach the databases by other URLs; a variable that is not set means it does not', () => {
    const replication = {
      databaseForConnect: { monolith: { env: 'INSIDE' }, service: 'postgresql://u@db/x' },
    };
    expect(kafkaTransportSettings({ ...definition, replication }, env).databaseForConnect).toEqual({
      reverse: 'postgresql://u@db/x',
    });
    expect(
      kafkaTransportSettings(
        { ...definition, replication },
        { ...env, INSIDE: 'postgresql://u@m/x' },
      ).databaseForConnect,
    ).toEqual({ forward: 'postgresql://u@m/x', reverse: 'postgresql://u@db/x' });
  });
});
