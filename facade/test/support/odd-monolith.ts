import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { startUpstream, type Upstream } from './upstream.ts';

export interface OddMonolith extends Upstream {
  /** How often a client left before its answer was whole, and how many uploads began. */
  readonly happened: { cancelled: number; uploads: number };
  /** Sends an event to whoever listens on /events. */
  event(data: string): void;
}

/** A monolith with every odd answer that a wire must carry, by path, and an echo on /ws. */
export async function startOddMonolith(): Promise<OddMonolith> {
  const happened = { cancelled: 0, uploads: 0 };
  const listeners = new Set<ServerResponse>();
  const monolith = await startUpstream('monolith', (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    response.on('close', () => {
      if (!response.writableFinished) happened.cancelled++;
    });
    switch (path) {
      case '/headers': {
        request.resume();
        response.writeHead(200, 'Fine', [
          'Set-Cookie',
          'a=1; Domain=shop.example',
          'Set-Cookie',
          'b=2',
          'X-CaSe',
          'kept',
          'Connection',
          'close, x-secret',
          'X-Secret',
          'hop',
          'Keep-Alive',
          'timeout=1',
          'Proxy-Authenticate',
          'Basic',
        ]);
        return void response.end('x');
      }
      case '/empty':
        return void response.writeHead(204).end();
      case '/same':
        return void response.writeHead(304, { etag: '"1"' }).end();
      case '/length':
        return void response
          .writeHead(200, { 'content-length': '5' })
          .end(request.method === 'HEAD' ? undefined : 'hello');
      case '/upload': {
        happened.uploads++;
        const hash = createHash('sha256');
        let size = 0;
        request.on('data', (chunk: Buffer) => {
          hash.update(chunk);
          size += chunk.length;
        });
        return void request.on('end', () =>
          response.end(
            `${size} ${hash.digest('hex')} ${request.headers['transfer-encoding'] ?? request.headers['content-length']}`,
          ),
        );
      }
      case '/too-large': {
        // what a server does that does not want to read: answer and close
        response.writeHead(413, { connection: 'close', 'content-type': 'text/plain' });
        return void response.end('too large', () => request.socket.destroySoon());
      }
      case '/truncated': {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half');
        return void setTimeout(() => request.socket.destroy(), 20);
      }
      case '/truncated-chunks': {
        response.write('half');
        return void setTimeout(() => request.socket.destroy(), 20);
      }
      case '/never':
        return;
      case '/drip': {
        const drip = setInterval(() => response.write('.'), 50);
        return void response.on('close', () => clearInterval(drip));
      }
      case '/events': {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.flushHeaders();
        listeners.add(response);
        return void response.on('close', () => listeners.delete(response));
      }
      default: {
        request.resume();
        return void request.on('end', () =>
          response.end(JSON.stringify({ url: request.url, headers: request.headers })),
        );
      }
    }
  });
  const sockets = new WebSocketServer({ server: monolith.server, path: '/ws' });
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => socket.send(`echo ${(data as Buffer).toString()}`)),
  );
  return {
    ...monolith,
    happened,
    event(data) {
      for (const listener of listeners) listener.write(`data: ${data}\n\n`);
    },
  };
}
