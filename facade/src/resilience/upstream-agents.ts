import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';

type WriteDone = (error?: Error | null) => void;

/**
 * A server may refuse an upload before it has read it, answer, and close. The next write then fails while the answer waits in
 * the receive buffer; node destroys the socket and the answer with it. Here a failed write only ends writing: the read side
 * finds the answer, or the reset.
 */
function keepReadingAfterFailedWrite<S extends Duplex>(socket: S): S {
  let deaf = false;
  const isReset = (error: Error | null | undefined): boolean =>
    !!error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
  const guard =
    (done: WriteDone): WriteDone =>
    (error) => {
      if (!isReset(error)) return done(error);
      deaf = true;
      socket.resume();
      return done();
    };
  const write = socket._write.bind(socket);
  socket._write = (chunk, encoding, done) => (deaf ? done() : write(chunk, encoding, guard(done)));
  const writev = socket._writev?.bind(socket);
  if (writev) socket._writev = (chunks, done) => (deaf ? done() : writev(chunks, guard(done)));
  return socket;
}

class PatientHttpAgent extends http.Agent {
  override createConnection(
    ...args: Parameters<http.Agent['createConnection']>
  ): ReturnType<http.Agent['createConnection']> {
    const socket = super.createConnection(...args);
    return socket ? keepReadingAfterFailedWrite(socket) : socket;
  }
}

class PatientHttpsAgent extends https.Agent {
  override createConnection(
    ...args: Parameters<https.Agent['createConnection']>
  ): ReturnType<https.Agent['createConnection']> {
    const socket = super.createConnection(...args);
    return socket ? keepReadingAfterFailedWrite(socket) : socket;
  }
}

/** Idle connections are dropped before common servers drop them (node: 5 s): fewer requests meet a closing connection. */
const settings = {
  keepAlive: true,
  maxSockets: Infinity,
  maxFreeSockets: 256,
  timeout: 4_000,
} as const;

export interface UpstreamAgents {
  for(url: URL): http.Agent;
  destroy(): void;
}

export function upstreamAgents(): UpstreamAgents {
  const plain = new PatientHttpAgent(settings);
  const tls = new PatientHttpsAgent(settings);
  return {
    for: (url) => (url.protocol === 'https:' ? tls : plain),
    destroy() {
      plain.destroy();
      tls.destroy();
    },
  };
}
