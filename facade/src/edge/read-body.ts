import type { IncomingMessage } from 'node:http';

/** A request's body, all of it; what is longer, or does not come, is read no further. */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  withinMs: number,
): Promise<Buffer | 'too-large' | 'gone'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (read: Buffer | 'too-large' | 'gone'): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', end).off('close', gone).off('error', gone);
      if (read === 'too-large') request.pause();
      resolve(read);
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) settle('too-large');
    };
    const end = (): void => settle(Buffer.concat(chunks));
    const gone = (): void => settle('gone');
    // who announces a body and never sends it must not hold a request for ever
    const timer = setTimeout(() => request.destroy(), withinMs);
    request.on('data', take).on('end', end).on('close', gone).on('error', gone);
  });
}
