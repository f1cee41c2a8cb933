import type { Duplex } from 'node:stream';
import type { Serving } from '../serving/serving.ts';

/** A client's side of an upgrade: its socket and the first bytes after its handshake. */
export interface ClientSide {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Bytes that a client may send before its handshake is answered. */
const earlyBytes = 65_536;

/**
 * Reads what a client sends while its handshake is under way, for a socket that nobody reads does not tell that the client
 * left. Returns what takes the bytes and stops reading.
 */
export function listen({ socket, head }: ClientSide, gone: () => void): () => Buffer {
  const chunks = [head];
  let size = head.length;
  const take = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > earlyBytes) socket.pause();
  };
  socket.on('data', take).once('end', gone).once('close', gone);
  socket.resume();
  return () => {
    socket.pause();
    socket.off('data', take).off('end', gone).off('close', gone);
    return Buffer.concat(chunks);
  };
}

/** Each end takes the other along when it closes. */
export function join(
  { metrics }: Pick<Serving, 'metrics'>,
  open: Set<Duplex>,
  socket: Duplex,
  other: Duplex,
): void {
  open.add(socket);
  metrics.upgrades.set(open.size);
  const close = (): void => {
    socket.destroy();
    other.destroy();
    open.delete(socket);
    metrics.upgrades.set(open.size);
  };
  socket.once('close', close);
  other.once('close', close);
  other.on('error', close);
  other.pipe(socket).pipe(other);
}
