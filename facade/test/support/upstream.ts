import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Upstream {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Method and target of every request, as they came. */
  readonly seen: {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
    readonly raw: readonly string[];
  }[];
  close(): Promise<void>;
}

/** A real HTTP server; by default it answers with its own name. */
export async function startUpstream(
  name: string,
  handler?: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
  host = '127.0.0.1',
): Promise<Upstream> {
  const seen: Upstream['seen'] = [];
  const server = createServer((request, response) => {
    seen.push({
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      raw: request.rawHeaders,
    });
    if (handler) return handler(request, response);
    request.resume();
    return request.on('end', () =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ from: name })),
    );
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    server,
    seen,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}
