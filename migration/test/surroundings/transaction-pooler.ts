import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import pg from 'pg';

/** A pooler as small as can be: each transaction gets the session that was used last, as PgBouncer's pool_mode = transaction. */
export async function startPooler(
  url: string,
  mode: 'transaction' | 'session',
): Promise<{ url: string; close(): Promise<void> }> {
  const sessions: { client: pg.Client; socket: Socket; busy: boolean }[] = [];
  const open = async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
    socket.removeAllListeners('data');
    const session = { client, socket, busy: false };
    sessions.push(session);
    return session;
  };
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on('error', () => {});
    let session: Awaited<ReturnType<typeof open>> | undefined;
    let begun = false;
    let work = Promise.resolve();
    const release = (): void => {
      if (!session) return;
      session.socket.removeAllListeners('data');
      session.busy = false;
      session = undefined;
    };
    const lease = async (): Promise<Socket> => {
      if (session) return session.socket;
      const leased = sessions.find(({ busy }) => !busy) ?? (await open());
      leased.busy = true;
      session = leased;
      let rest = Buffer.alloc(0);
      leased.socket.on('data', (data: Buffer) => {
        rest = Buffer.concat([rest, data]);
        while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
          const size = 1 + rest.readUInt32BE(1);
          const message = rest.subarray(0, size);
          rest = rest.subarray(size);
          socket.write(message);
          if (
            message.toString('latin1', 0, 1) === 'Z' &&
            message[5] === 0x49 &&
            mode === 'transaction'
          )
            release();
        }
      });
      return leased.socket;
    };
    socket.on('data', (data: Buffer) => {
      if (!begun) {
        begun = true;
        const announced = Buffer.from(
          'R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x07\0\0\0\x07Z\0\0\0\x05I',
          'latin1',
        );
        socket.write(announced);
        return;
      }
      if (data.toString('latin1', 0, 1) === 'X') return;
      work = work.then(async () => void (await lease()).write(data));
    });
    socket.on('close', () => {
      clients.delete(socket);
      release();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pooled = new URL(url);
  pooled.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: pooled.href,
    async close() {
      for (const client of clients) client.destroy();
      for (const { socket } of sessions) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
