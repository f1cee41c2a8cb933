import type { EventLoopUtilization } from 'node:perf_hooks';

/** Time that a share is taken over, milliseconds. */
const windowMs = 50;
/** Share of the time in which the event loop works, above which clients are waiting for it. */
const busyShare = 0.7;
/** From the start of one shadow to the next one's while clients are waiting, milliseconds. */
const busyGapMs = 10;

/**
 * How long the next shadow is put off: not at all while the process has time, else so long that shadows take a few hundredths
 * of it. What waits too long for that finds the queue full, and is counted as dropped.
 */
export function shadowPace(
  read: () => EventLoopUtilization = () => performance.eventLoopUtilization(),
): () => number {
  let before = read();
  let busy = false;
  return () => {
    const now = read();
    const active = now.active - before.active;
    const passed = active + now.idle - before.idle;
    if (passed >= windowMs) {
      busy = active / passed > busyShare;
      before = now;
    }
    return busy ? busyGapMs : 0;
  };
}
