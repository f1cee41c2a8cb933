import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Serving } from '../serving/serving.ts';
import { answerFaultyConnections } from './faulty-connections.ts';
import { httpEntrance } from './http-entrance.ts';
import { isWebSocket, upgradeEntrance } from './upgrade-entrance.ts';

export interface ClientServer {
  readonly server: Server;
  /** Sockets that were upgraded: the server does not count them any more. */
  readonly upgrades: ReadonlySet<Duplex>;
}

/** With TLS where the edge has a certificate; one that is written anew is shown to whoever comes next. */
function listening(
  { tls }: Pick<Serving, 'tls'>,
  options: ServerOptions,
  app: RequestListener,
): Server {
  if (!tls?.clients) return createServer(options, app);
  const server = https.createServer({ ...options, ...tls.clients }, app);
  tls.useClients((context) => server.setSecureContext(context));
  return server;
}

/** The server for clients, with both ways in, not listening yet. */
export function clientServer(serving: Serving, draining: () => boolean): ClientServer {
  const { headersMs, headerBytes } = serving.limits;
  const app = httpEntrance(serving, draining);
  // an upload may take longer than node's five minutes; a silent one is cut off by the attempt's own clock. Without a limit of
  // their own, headers would inherit the missing one, and connections that never finish them would pile up for ever.
  const options = {
    shouldUpgradeCallback: isWebSocket,
    // most requests have no body, and need not live a stream's whole life
    optimizeEmptyRequests: true,
    maxHeaderSize: headerBytes,
    // a missing Host is refused with everything else that is faulty, with a line in the log
    requireHostHeader: false,
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    headersTimeout: headersMs,
    connectionsCheckingInterval: Math.min(headersMs, 10_000),
  };
  const server = listening(serving, options, app);
  // node would pass over what comes after the 2,000th in silence
  server.maxHeadersCount = 0;
  server.on('checkContinue', app);
  server.on('checkExpectation', app);
  answerFaultyConnections(server, serving);
  const upgrades = new Set<Duplex>();
  const upgrade = upgradeEntrance(serving, upgrades);
  server.on(
    'upgrade',
    (request, socket: Duplex, head) =>
      void upgrade(request, socket, head).catch(() => socket.destroy()),
  );
  return { server, upgrades };
}
