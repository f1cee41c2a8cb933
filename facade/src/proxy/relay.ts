import type { IncomingMessage, ServerResponse } from 'node:http';
import { clientHeaders } from './headers.ts';

export interface RelayOptions {
  readonly answer: IncomingMessage;
  readonly response: ServerResponse;
  readonly extra: Readonly<Record<string, string>>;
  /** Milliseconds until the whole answer must be there; undefined: only silence is limited. */
  readonly totalMs: number | undefined;
  readonly silenceMs: number;
  readonly onChunk?: (chunk: Buffer) => void;
}

const isEventStream = (answer: IncomingMessage): boolean =>
  /^text\/event-stream\b/i.test(answer.headers['content-type'] ?? '');

/**
 * Gives the upstream's answer to the client as it comes. A truncated answer is cut off, never ended cleanly (httpxy destroys
 * the response when the answer closes incomplete). Event streams are exempt from time limits.
 */
export function relay({
  answer,
  response,
  extra,
  totalMs,
  silenceMs,
  onChunk,
}: RelayOptions): void {
  const headers = clientHeaders(answer.rawHeaders, answer.headers.connection, Object.keys(extra));
  for (const [name, value] of Object.entries(extra)) headers.push(name, value);
  lingerAfterEarlyAnswer(response);
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
  if (answer.headers['content-length'] === undefined) {
    // a stream's reader wants to know that it is connected before the first event comes
    setImmediate(() => {
      if (!response.destroyed && !response.writableEnded) response.flushHeaders();
    });
  }
  const stream = isEventStream(answer);
  let total: NodeJS.Timeout | undefined;
  let silence: NodeJS.Timeout | undefined;
  const cut = (): void => {
    answer.destroy();
    response.destroy();
  };
  if (!stream) {
    if (totalMs !== undefined) total = setTimeout(cut, Math.max(totalMs, 1));
    // silence of the upstream, not of a slow client: while the client does not read, the answer is paused
    silence = setInterval(() => {
      if (!heard && !response.writableNeedDrain) cut();
      heard = false;
    }, silenceMs);
  }
  let heard = true;
  answer.on('data', (chunk: Buffer) => {
    heard = true;
    onChunk?.(chunk);
  });
  response.once('close', () => {
    clearTimeout(total);
    clearInterval(silence);
  });
  answer.pipe(response);
}

const lingerMs = 5_000;

/**
 * An answer in the middle of an upload must not be followed by a close: the client would meet a reset while it writes and lose
 * the answer. The rest of the upload is read and thrown away for a while; a client that wanted to close does so itself.
 */
function lingerAfterEarlyAnswer(response: ServerResponse): void {
  const request = response.req;
  if (request.complete) return;
  response.shouldKeepAlive = true;
  response.once('finish', () => {
    const timer = setTimeout(() => {
      if (!request.complete) request.socket.destroy();
    }, lingerMs);
    request.once('close', () => clearTimeout(timer));
  });
}
