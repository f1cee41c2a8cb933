import { rawHeader } from '../proxy/raw-headers.ts';
import { type Passage, welcomeBody } from './passage.ts';

export interface Taken {
  readonly passage: Passage;
  /** Why the body was not read to its end; it can still be sent, once. */
  readonly left?: string;
}

/**
 * The body, read before it is known who gets it. What is larger than `most` bytes streams through as if nobody had looked.
 * Undefined: the client left before it had sent it.
 */
export function takeBody(
  passage: Passage,
  { most, withinMs }: { readonly most: number; readonly withinMs: number },
): Promise<Taken | undefined> {
  const { request, headers } = passage.arrival;
  const left = `its body has more than ${most} bytes`;
  const announced = Number(headers['content-length'] ?? 0);
  if (!passage.withBody) return Promise.resolve({ passage });
  if (announced > most) return Promise.resolve({ passage, left });
  if (headers.trailer !== undefined)
    return Promise.resolve({ passage, left: 'its body has trailers' });
  welcomeBody(passage);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (taken: Taken | undefined): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      resolve(taken);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= most) return;
      request.pause();
      settle({ passage: { ...passage, welcomed: true }, left });
      request.unshift(Buffer.concat(chunks));
    };
    const onEnd = (): void => {
      const length = rawHeader(passage.headers, 'content-length');
      const own = length === undefined ? ['Content-Length', String(size)] : [];
      settle({
        passage: {
          ...passage,
          withBody: false,
          body: Buffer.concat(chunks),
          headers: [...passage.headers, ...own],
          welcomed: true,
        },
      });
    };
    const onGone = (): void => settle(undefined);
    // who announces a body and never sends it must not hold a request for ever
    const timer = setTimeout(() => request.destroy(), withinMs);
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}
