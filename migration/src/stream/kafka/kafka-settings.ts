import { type Environment, requireVariable, StranglerError } from '@strangler-toolkit/plan';

export interface KafkaSettings {
  /** host:port of some brokers. */
  readonly brokers: string[];
  readonly clientId: string;
  readonly ssl?: boolean;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

const invalid = (message: string): StranglerError =>
  new StranglerError('CONFIG_INVALID', message, {
    remedy: 'Mend the variable (docs/guide/configuration.md).',
  });

const isMechanism = (text: string): text is 'plain' | 'scram-sha-256' | 'scram-sha-512' =>
  ['plain', 'scram-sha-256', 'scram-sha-512'].includes(text);

/** @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID */
export function kafkaSettings(env: Environment, clientId: string): KafkaSettings {
  const usedFor = 'the transport kafka: host:port of the brokers, separated by commas';
  const brokers = requireVariable('KAFKA_BROKERS', env, usedFor)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const wrong = brokers.find(
    (broker) => !/^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+):\d{1,5}$/.test(broker),
  );
  if (wrong !== undefined || brokers.length === 0)
    throw invalid(`KAFKA_BROKERS: ${JSON.stringify(wrong ?? '')} is not host:port`);
  const { KAFKA_SASL_MECHANISM: mechanism = '', KAFKA_SSL: ssl = '' } = env;
  if (!['', 'true', 'false'].includes(ssl))
    throw invalid(`KAFKA_SSL must be true or false (is ${JSON.stringify(ssl)})`);
  if (mechanism === '') return { brokers, clientId, ...(ssl === 'true' && { ssl: true }) };
  const name = mechanism.toLowerCase();
  if (!isMechanism(name))
    throw invalid(
      `KAFKA_SASL_MECHANISM must be one of plain, scram-sha-256, scram-sha-512 (is ${JSON.stringify(mechanism)})`,
    );
  const sasl = {
    mechanism: name,
    username: requireVariable('KAFKA_SASL_USERNAME', env, 'KAFKA_SASL_MECHANISM'),
    password: requireVariable('KAFKA_SASL_PASSWORD', env, 'KAFKA_SASL_MECHANISM'),
  };
  return { brokers, clientId, ...(ssl === 'true' && { ssl: true }), sasl };
}

/** Where Kafka Connect listens. @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID */
export function connectUrl(env: Environment): string {
  const text = requireVariable(
    'CONNECT_URL',
    env,
    'the transport kafka: the address of Kafka Connect, e.g. http://localhost:8083',
  );
  let protocol: string | undefined;
  try {
    ({ protocol } = new URL(text));
  } catch {
    protocol = undefined;
  }
  if (protocol !== 'http:' && protocol !== 'https:')
    throw invalid('CONNECT_URL must be a URL that begins with http:// or https://');
  return text.replace(/\/+$/, '');
}
