import { isIP } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import type { EdgeRules } from './edge-schema.ts';
import { WatchedTls } from './tls-files.ts';
import { defaultTlsLookSeconds } from './tls-rules.ts';

export interface ForUpstream extends SecureContextOptions {
  /** Never what a client says in its Host; empty for an address without a name. */
  readonly servername: string;
}

/** What is shown to clients and to upstreams, as of now. */
export interface EdgeTls {
  /** Undefined: clients speak plain HTTP. */
  readonly clients: SecureContextOptions | undefined;
  /** Is told of new ones. */
  useClients(use: (context: SecureContextOptions) => void): void;
  /** By `host:port`; undefined: nothing is said of it. */
  upstream(hostPort: string): ForUpstream | undefined;
  stop(): void;
}

/** Undefined: no duty of TLS. @throws StranglerError CONFIG_INVALID */
export function edgeTls(
  { tls, upstreamTls, tlsLookSeconds = defaultTlsLookSeconds }: EdgeRules,
  log: Pick<Logger, 'info' | 'error'>,
): EdgeTls | undefined {
  if (!tls && !upstreamTls) return undefined;
  const onProblem = (problem: string): void =>
    log.error({ problem }, 'certificates are not taken: those before go on');
  const told = (what: string): void => log.info({ what }, 'certificates are read again');
  let use: ((context: SecureContextOptions) => void) | undefined;
  const contextOf = (material: SecureContextOptions): SecureContextOptions => ({
    ...material,
    ...(tls && { minVersion: tls.minVersion }),
  });
  const clients =
    tls &&
    new WatchedTls({
      paths: tls,
      what: 'tls',
      onProblem,
      onChange(material) {
        use?.(contextOf(material));
        told('tls');
      },
    });
  const upstreams = new Map<string, { watched: WatchedTls; servername: string }>(
    (upstreamTls ?? []).map((rule, index) => {
      const what = `upstreamTls[${index}]`;
      const watched = new WatchedTls({ paths: rule, what, onProblem, onChange: () => told(what) });
      const { hostname, port } = new URL(rule.address);
      const host = hostname.replace(/^\[|\]$/g, '');
      const servername = rule.serverName ?? (isIP(host) === 0 ? host : '');
      return [`${host}:${port || 443}`, { watched, servername }];
    }),
  );
  const timer = setInterval(() => {
    clients?.look();
    for (const { watched } of upstreams.values()) watched.look();
  }, tlsLookSeconds * 1_000).unref();
  return {
    clients: clients && contextOf(clients.material),
    useClients: (taker) => (use = taker),
    upstream(hostPort) {
      const found = upstreams.get(hostPort);
      return found && { ...found.watched.material, servername: found.servername };
    },
    stop: () => clearInterval(timer),
  };
}
