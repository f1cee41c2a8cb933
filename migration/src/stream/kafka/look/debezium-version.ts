import type { Finding } from '../../../findings/check.ts';
import type { ConnectorPlugin } from '../connect-client.ts';
import { connectorClass } from '../connector-config.ts';

const atLeast = [3, 7] as const;

/**
 * What is to be said of the connector that Connect has. Before 3.7 it goes on behind all rows that share a place in the log with
 * the last one that it sent: started again in the middle of a COPY it leaves some out and counts on, and where nothing comes
 * again nobody can see it (debezium/dbz#1554). 3.7 passes as many messages of that place as it counted rows, BEGIN among them: right
 * behind the first row it leaves the rest of that record out, further on it sends one row twice.
 */
export function debeziumFinding(plugins: readonly ConnectorPlugin[]): Finding {
  const version = plugins.find((plugin) => plugin.class === connectorClass)?.version;
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return {
    check: 'Debezium',
    ok: major > atLeast[0] || (major === atLeast[0] && minor >= atLeast[1]),
    expected: `${atLeast.join('.')} or newer`,
    actual: version ?? `Kafka Connect has no plugin ${connectorClass}`,
    remedy:
      version === undefined
        ? 'Install the Debezium connector for PostgreSQL on every worker of Kafka Connect.'
        : 'Give every worker of Kafka Connect a newer one: this one may leave rows of a COPY out when it is started again ' +
          'in the middle of it. If that happened, strangler verify shows it.',
  };
}
