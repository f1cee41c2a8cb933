import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { codeOf, collapsedPath } from '@strangler-toolkit/plan';
import { rawProblem } from '../proxy/problem.ts';
import type { Serving } from '../serving/serving.ts';

interface Fault {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

const http2: Fault = {
  status: 505,
  code: 'HTTP2_REFUSED',
  detail: 'HTTP/2 is not spoken here without TLS; ask with HTTP/1.1.',
};
const connect: Fault = {
  status: 405,
  code: 'CONNECT_REFUSED',
  detail: 'The facade is no tunnel.',
};

function faultIn(error: Error, bytes: unknown): Fault | undefined {
  const code = codeOf(error);
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: 431,
      code: 'HEADERS_TOO_LARGE',
      detail: 'The head of the request is larger than FACADE_HEADER_BYTES.',
    };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, code: 'REQUEST_TIMEOUT', detail: 'The request came too slowly.' };
  if (
    bytes instanceof Uint8Array &&
    Buffer.from(bytes).toString('latin1', 0, 16) === 'PRI * HTTP/2.0\r\n'
  )
    return http2;
  if (code.startsWith('HPE_'))
    return { status: 400, code: 'FRAMING', detail: 'The request is no HTTP.' };
  return undefined;
}

/** What node's parser does not take never becomes a request; it gets an answer, a count and a line in the log all the same. */
export function answerFaultyConnections(server: Server, { metrics, log }: Serving): void {
  const refuse = (socket: Duplex, fault: Fault, reason: string): void => {
    metrics.rejected.inc({ code: fault.code });
    log.info({ status: fault.status, code: fault.code, reason }, 'connection refused');
    if (socket.writable) socket.end(rawProblem(fault), () => socket.destroy());
    else socket.destroy();
  };
  server.on('clientError', (error: Error, socket: Duplex) => {
    const fault = faultIn(error, Reflect.get(error, 'rawPacket'));
    // an answer that is under way must not have another one in its middle
    const busy = Reflect.get(socket, '_httpMessage') as
      { headersSent?: boolean } | null | undefined;
    if (!fault || busy?.headersSent) return void socket.destroy();
    refuse(socket, fault, error.message);
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    refuse(socket, connect, `CONNECT ${collapsedPath(request.url ?? '')}`);
  });
}
