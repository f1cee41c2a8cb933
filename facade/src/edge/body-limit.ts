import { z } from 'zod';
import { whichRoutes } from './which-routes.ts';

/** How large bodies of requests may be; of a request counts the first rule that its route falls under. */
export const bodyLimits = z.array(
  z.strictObject({ routes: whichRoutes, maxBytes: z.number().int().min(0) }),
);

/** Whether what a request announces is too much already. */
export const announcesTooMuch = (contentLength: string | undefined, maxBytes: number): boolean =>
  contentLength !== undefined && Number(contentLength) > maxBytes;

/** Counts what comes, and says once that it is too much. */
export function byteCounter(maxBytes: number, tooMuch: () => void): (chunk: Uint8Array) => void {
  let left = maxBytes;
  let said = false;
  return ({ length }) => {
    left -= length;
    if (left >= 0 || said) return;
    said = true;
    tooMuch();
  };
}
