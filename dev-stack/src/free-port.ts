import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/**
 * A TCP port on loopback that was free a moment ago. It lies below the range from which systems take the ports of outgoing connections: a client that
 * knocks at a crashed server's port again and again could otherwise be given that very port, talk to itself, and keep the server from coming back.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(20_000, 32_700);
    if (await listens(port)) return port;
  }
  throw new Error('no free port between 20000 and 32700 on 127.0.0.1');
}
