import { once } from 'node:events';
import net from 'node:net';

export interface RawServer {
  readonly url: string;
  readonly port: number;
  /** What every connection sent so far, in the order in which they came; bytes as latin-1. */
  readonly heard: readonly string[];
  /** Connections open now. */
  readonly open: ReadonlySet<net.Socket>;
  close(): Promise<void>;
}

/** A server that speaks bytes, for what no HTTP server would say. `onHead` is called with each head that is complete. */
export async function startRawServer(
  onHead: (socket: net.Socket, head: string, connection: number) => void,
): Promise<RawServer> {
  const heard: string[] = [];
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const index = heard.push('') - 1;
    let pending = '';
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    socket.on('data', (data) => {
      heard[index] += data.toString('latin1');
      pending += data.toString('latin1');
      for (let end = pending.indexOf('\r\n\r\n'); end !== -1; end = pending.indexOf('\r\n\r\n')) {
        const head = pending.slice(0, end);
        pending = pending.slice(end + 4);
        onHead(socket, head, index);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    heard,
    open,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** An answer whose body is the head that it answers. */
export const echo = (socket: net.Socket, head: string): void =>
  void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`, 'latin1');
