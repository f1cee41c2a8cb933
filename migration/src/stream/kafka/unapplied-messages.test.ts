import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { unappliedMessages } from './unapplied-messages.ts';

test('a broker that takes connections and keeps silent does not keep writes waiting', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    const { port } = server.address() as AddressInfo;
    const began = performance.now();
    const asked = unappliedMessages({
      kafka: { brokers: [`127.0.0.1:${port}`], clientId: 'test' },
      stream: 's',
      tables: [{ schema: 'public', table: 'items' }],
      checkpoint: {},
      signal: AbortSignal.timeout(300),
    });
    await expect(asked).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
    // kafkajs tries six times, for three seconds each
    expect(performance.now() - began).toBeLessThan(15_000);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
