import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const lowest = 20_000;
const segments = 250;
const segmentSize = 50;
let next = randomInt(segmentSize);

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/**
 * A TCP port on loopback that was free a moment ago. All lie below the range from which systems take the ports
 * of outgoing connections: a client that
 * knocks at a crashed server's port again and again could otherwise be given that very port, talk to itself,
 * and keep the server from coming back.
 * Processes draw from different segments, because a slow server takes its port only seconds after it was found free.
 */
export async function freePort(): Promise<number> {
  for (let step = 0; step < segments * segmentSize; step += 1) {
    const segment = (process.pid + Math.floor(step / segmentSize)) % segments;
    const port = lowest + segment * segmentSize + next;
    next = (next + 1) % segmentSize;
    if (await isFree(port)) return port;
  }
  throw new Error(
    `no free port between ${lowest} and ${lowest + segments * segmentSize} on 127.0.0.1`,
  );
}
