import type { GateSettings } from './migration.ts';
import { judgeSides, type RampVerdict, type SideWindow } from './ramp.ts';

/**
 * Judges the new owner's writes by what the old one's were before the change: errors always, latency only by a window that is
 * large enough for a percentile.
 */
export function judgeGuard(
  { before, after }: { readonly before: SideWindow; readonly after: SideWindow },
  settings: Required<GateSettings>,
): RampVerdict {
  const enough = before.requests >= settings.rampMinRequests;
  const monolith = enough ? before : { ...before, p99Ms: Infinity };
  return judgeSides(monolith, after, settings);
}
