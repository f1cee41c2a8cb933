import { type Environment, requireVariable, StranglerError } from '@strangler-toolkit/plan';

export interface KafkaTlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface KafkaSettings {
  /** host:port of some brokers. */
  readonly brokers: string[];
  readonly clientId: string;
  /** With paths of PEM files where the cluster's CA is one of your own, or where it wants to know who we are. */
  readonly ssl?: boolean | KafkaTlsFiles;
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
  const ssl = tlsSettings(env);
  const { KAFKA_SASL_MECHANISM: mechanism = '' } = env;
  if (mechanism === '') return { brokers, clientId, ...(ssl && { ssl }) };
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
  return { brokers, clientId, ...(ssl && { ssl }), sasl };
}

/** A file that is named asks for TLS by itself. */
function tlsSettings(env: Environment): boolean | KafkaTlsFiles {
  const { KAFKA_SSL: ssl = '' } = env;
  if (!['', 'true', 'false'].includes(ssl))
    throw invalid(`KAFKA_SSL must be true or false (is ${JSON.stringify(ssl)})`);
  const { KAFKA_SSL_CA_FILE: ca, KAFKA_SSL_CERT_FILE: cert, KAFKA_SSL_KEY_FILE: key } = env;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  if (Object.keys(files).length === 0) return ssl === 'true';
  if (ssl === 'false')
    throw invalid('KAFKA_SSL is false, but a KAFKA_SSL_…_FILE is named: remove one of them');
  if ((cert === undefined || cert === '') !== (key === undefined || key === ''))
    throw invalid('KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE belong together: set both or none');
  return files;
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
