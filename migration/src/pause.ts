import { StranglerError } from '@strangler-toolkit/plan';

/** Waits so many milliseconds, or until the signal; never throws. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });

/** @throws StranglerError CANCELLED, or the signal's own reason */
export function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof StranglerError) throw signal.reason;
  throw new StranglerError('CANCELLED', 'Cancelled');
}

/** What Node throws where a signal ended a wait. */
export const isAbort = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && Reflect.get(error, 'name') === 'AbortError';
