/** A variable that the command line or a worker reads, for the reference (`npm run reference`). */
export interface Variable {
  readonly name: string;
  readonly of: 'CLI' | 'worker' | 'CLI, worker';
  readonly type: string;
  readonly standard?: string;
  /** Markdown; links as in docs/guide. */
  readonly help: string;
}

const kafka = 'with Kafka:';
const broker = 'with a Pact Broker:';

/** All but what context files name with `env()`. */
export const variables: readonly Variable[] = [
  {
    name: 'STRANGLER_CONTROL_URL',
    of: 'CLI, worker',
    type: 'PostgreSQL URL',
    help: 'control database; needed by all that moves or looks at a context',
  },
  {
    name: 'STRANGLER_CONTEXTS',
    of: 'CLI, worker',
    type: 'folder',
    standard: './contexts',
    help: 'context files; `--contexts` says it for one command',
  },
  {
    name: 'STRANGLER_TRANSPORT',
    of: 'CLI, worker',
    type: 'embedded, kafka',
    standard: 'embedded',
    help: 'how changes travel, for contexts whose file does not say',
  },
  {
    name: 'KAFKA_BROKERS',
    of: 'CLI, worker',
    type: 'host:port,…',
    help: `${kafka} some of its brokers`,
  },
  {
    name: 'KAFKA_SSL',
    of: 'CLI, worker',
    type: 'true, false',
    standard: 'false',
    help: `${kafka} TLS, with the authorities that the system knows ([TLS](your-database.md#tls))`,
  },
  {
    name: 'KAFKA_SSL_CA_FILE',
    of: 'CLI, worker',
    type: 'PEM file',
    help: `${kafka} TLS, with an authority of your own`,
  },
  {
    name: 'KAFKA_SSL_CERT_FILE',
    of: 'CLI, worker',
    type: 'PEM file',
    help: `${kafka} who we are, where the cluster wants to know it by certificate`,
  },
  {
    name: 'KAFKA_SSL_KEY_FILE',
    of: 'CLI, worker',
    type: 'PEM file',
    help: `${kafka} the key of that certificate`,
  },
  {
    name: 'KAFKA_SASL_MECHANISM',
    of: 'CLI, worker',
    type: 'plain, scram-sha-256, scram-sha-512',
    help: `${kafka} how we log in, where the cluster wants it`,
  },
  { name: 'KAFKA_SASL_USERNAME', of: 'CLI, worker', type: 'text', help: `${kafka} its user` },
  {
    name: 'KAFKA_SASL_PASSWORD',
    of: 'CLI, worker',
    type: 'text',
    help: `${kafka} its password`,
  },
  {
    name: 'CONNECT_URL',
    of: 'CLI, worker',
    type: 'URL',
    help:
      `${kafka} Kafka Connect's REST interface, \`http://host:8083\`; the Debezium PostgreSQL connector must be installed there, ` +
      '3.7 or newer: older ones may leave rows of a `COPY` out when they are started again in the middle of it (`doctor` tells); ' +
      '3.7 may where it was stopped right behind the first row of one, so what was verified before a restart of Connect is void',
  },
  {
    name: 'UNLEASH_URL',
    of: 'CLI, worker',
    type: 'URL',
    help:
      '`http://host:port/api`; without it flags are kept in the control database, for everybody or for nobody ' +
      '([what works then](your-system.md#unleash))',
  },
  { name: 'UNLEASH_ADMIN_TOKEN', of: 'CLI, worker', type: 'text', help: 'changes flags' },
  {
    name: 'UNLEASH_ENVIRONMENT',
    of: 'CLI, worker',
    type: 'text',
    standard: 'development',
    help: 'environment of Unleash',
  },
  {
    name: 'UNLEASH_PROJECT',
    of: 'CLI, worker',
    type: 'text',
    standard: 'default',
    help: 'project of Unleash',
  },
  {
    name: 'PACT_BROKER_BASE_URL',
    of: 'CLI',
    type: 'URL',
    help:
      'a Pact Broker: pacts come from there and results go there; without it the files are the source ' +
      '([with a Pact Broker](contracts-in-ci.md#with-a-pact-broker))',
  },
  {
    name: 'PACT_BROKER_TOKEN',
    of: 'CLI',
    type: 'text',
    help: `${broker} who asks; sent to that address only, and in no output`,
  },
  {
    name: 'PACT_BROKER_USERNAME',
    of: 'CLI',
    type: 'text',
    help: `${broker} who asks, where it has no token`,
  },
  { name: 'PACT_BROKER_PASSWORD', of: 'CLI', type: 'text', help: `${broker} that user's password` },
  {
    name: 'PACT_BROKER_CA_FILE',
    of: 'CLI',
    type: 'PEM file',
    help: `${broker} the authority that signed its certificate, where the system does not know it`,
  },
  {
    name: 'PACT_BROKER_ENVIRONMENT',
    of: 'CLI',
    type: 'text',
    help: `${broker} where this deploys, as it calls it: \`can-i\` asks about it, cutover and rollback record it`,
  },
  {
    name: 'FACADE_EDGE',
    of: 'CLI',
    type: 'JSON file',
    help:
      'the [file of the edge](edge.md) that facades have: `doctor` and `status` look at a side by its `upstreamTls`, and read ' +
      'certificates where it says; without it an `https:` address must be one that Node trusts. `tester token` signs with its `testers`',
  },
  {
    name: 'STRANGLER_ACTOR',
    of: 'CLI',
    type: 'text',
    standard: "the system's user name",
    help: 'who the journal says it was',
  },
  {
    name: 'STRANGLER_WORKER_PORT',
    of: 'worker',
    type: 'port',
    help: '[port for operators](configuration.md#the-port-of-a-worker), off unless set; 0: any free one',
  },
  {
    name: 'STRANGLER_WORKER_HOST',
    of: 'worker',
    type: 'address',
    standard: '127.0.0.1',
    help: 'where that port listens',
  },
  {
    name: 'STRANGLER_WORKER_TOKEN',
    of: 'worker',
    type: '16 characters or more',
    help: 'what that port asks of who wants more than its state; unless set it asks nothing',
  },
  {
    name: 'STRANGLER_WORKER_RELOAD',
    of: 'worker',
    type: '0, 1',
    standard: '1',
    help: '0 reads context files again on SIGHUP only, 1 also [when one changes](your-system.md#after-an-edit)',
  },
  {
    name: 'STRANGLER_LOG',
    of: 'CLI, worker',
    type: 'json',
    help: 'one JSON line per event on stderr instead of text',
  },
  {
    name: 'STRANGLER_LOG_LEVEL',
    of: 'CLI, worker',
    type: 'debug, info, warn, error, silent',
    standard: 'info',
    help: 'from which level on events are logged as JSON',
  },
  {
    name: 'STRANGLER_DEBUG',
    of: 'CLI, worker',
    type: 'any value',
    help: 'errors come with their stack and cause',
  },
];
