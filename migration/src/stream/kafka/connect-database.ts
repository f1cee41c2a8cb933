import { StranglerError } from '@strangler-toolkit/plan';
import { databaseName } from '../../database/connect.ts';

/** A database as the connector is told to reach it. */
export interface ConnectDatabase {
  readonly hostname: string;
  readonly port: string;
  readonly user: string;
  /** May be a config provider's reference, which Connect resolves. */
  readonly password: string;
  readonly name: string;
  readonly sslmode: string | null;
  /** Paths as Connect sees them. */
  readonly certificates: Readonly<Partial<Record<CertificateFile, string>>>;
}

const certificateFiles = ['sslrootcert', 'sslcert', 'sslkey'] as const;
export type CertificateFile = (typeof certificateFiles)[number];

// Ours alone: encrypted, and the certificate is not looked at.
const modeOfDriver = (mode: string | null): string | null =>
  mode === 'no-verify' ? 'require' : mode;

/**
 * Reads a database URL whose password may be `${provider:path:key}`.
 * @throws StranglerError CONFIG_INVALID when it is another database than `url` (slots are named after it)
 */
export function connectDatabase(text: string, url: string, field: string): ConnectDatabase {
  const reference = /\$\{[^}]*\}/.exec(text)?.[0];
  const invalid = (message: string): StranglerError =>
    new StranglerError('CONFIG_INVALID', `${field} ${message}`);
  let parsed: URL;
  try {
    parsed = new URL(reference === undefined ? text : text.replace(reference, 'reference'));
  } catch (cause) {
    throw new StranglerError('CONFIG_INVALID', `${field} is not a database URL`, { cause });
  }
  if (parsed.hostname === '')
    throw invalid('must name a host: Kafka Connect reaches databases by TCP');
  const name = decodeURIComponent(parsed.pathname.slice(1)) || decodeURIComponent(parsed.username);
  if (name !== databaseName(url))
    throw invalid(
      `names database ${JSON.stringify(name)}, but replication runs on ${JSON.stringify(databaseName(url))}`,
    );
  return {
    hostname: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port || '5432',
    user: decodeURIComponent(parsed.username),
    password: reference ?? decodeURIComponent(parsed.password),
    name,
    sslmode: modeOfDriver(parsed.searchParams.get('sslmode')),
    certificates: Object.fromEntries(
      certificateFiles.flatMap((name) => {
        const path = parsed.searchParams.get(name);
        return path === null ? [] : [[name, path]];
      }),
    ),
  };
}

/** Whether a connector with this configuration reads that database. */
export const readsDatabase = (
  config: Readonly<Record<string, string>>,
  { hostname, port, name }: ConnectDatabase,
): boolean =>
  config['database.hostname'] === hostname &&
  config['database.port'] === port &&
  config['database.dbname'] === name;
