import type { GateSettings } from './migration.ts';

/** Traffic of one side over a window. */
export interface SideWindow {
  readonly requests: number;
  readonly errors: number;
  /** Answered with 4xx: perhaps the clients' fault, perhaps the side's. `null`: not all facades counted them. */
  readonly refused: number | null;
  /** Upper bound of the bucket that holds the 99th percentile; Infinity for the last one. */
  readonly p99Ms: number;
}

export type RampVerdict =
  | { readonly verdict: 'keep'; readonly reason: string }
  /** Too little traffic to say anything. */
  | { readonly verdict: 'wait'; readonly reason: string }
  | { readonly verdict: 'back'; readonly reason: string };

/** A percentile from buckets is at most the bucket's bound. */
export const p99Text = (p99Ms: number): string =>
  Number.isFinite(p99Ms) ? `≤ ${p99Ms} ms` : 'over 10 s';

/** What the new side may do, by what the old one did in the same window. */
export const allowedOf = (
  measured: SideWindow,
  { rampMaxErrorExcessPercent, rampMaxLatencyRatio }: Required<GateSettings>,
): { readonly errorPercent: number; readonly p99Ms: number | null } => ({
  errorPercent: percent(measured) + rampMaxErrorExcessPercent,
  p99Ms:
    measured.requests === 0 || !Number.isFinite(measured.p99Ms)
      ? null
      : measured.p99Ms * rampMaxLatencyRatio,
});

const percent = (side: SideWindow): number =>
  side.requests === 0 ? 0 : (100 * side.errors) / side.requests;
const shown = (value: number): string => String(Number(value.toFixed(2)));

/** The same window of both sides; where all reads go to the service, `baseline` (what the monolith did before) stands in. */
export interface RampWindow {
  readonly monolith: SideWindow;
  readonly service: SideWindow;
  readonly percent: number;
  readonly baseline?: SideWindow;
  /** Some are sent to the service by name, whatever the percentage. */
  readonly named?: boolean;
}

/** Judges one step of a ramp. A side of too few requests is nothing to judge by: only what is bad anyway ends the wait. */
export function judgeRampStep(window: RampWindow, settings: Required<GateSettings>): RampVerdict {
  if (window.percent === 0 && window.named && window.service.requests === 0)
    return { verdict: 'wait', reason: 'none of the named identities was seen' };
  if (window.percent === 0 && !window.named)
    return { verdict: 'keep', reason: 'nobody is sent to the service: there is nothing to judge' };
  const enough = (side: SideWindow): boolean => side.requests >= settings.rampMinRequests;
  const monolith =
    !enough(window.monolith) && window.baseline && enough(window.baseline)
      ? window.baseline
      : window.monolith;
  if (enough(monolith)) return judgeSides(monolith, window.service, settings);
  const judged = judgeSides({ ...monolith, p99Ms: Infinity }, window.service, settings);
  if (judged.verdict !== 'keep') return judged;
  return {
    verdict: 'wait',
    reason: `the monolith answered ${monolith.requests} of ${settings.rampMinRequests} requests that a judgement needs`,
  };
}

/** Judges the service by whatever the other side did, little as it may be. */
export function judgeSides(
  monolith: SideWindow,
  service: SideWindow,
  settings: Required<GateSettings>,
): RampVerdict {
  const errors = percent(service);
  const { errorPercent: allowed, p99Ms: allowedP99 } = allowedOf(monolith, settings);
  // A side that fails this often needs no full sample to be judged.
  const clearlyBad = service.requests >= 10 && errors > Math.max(50, allowed);
  if (service.requests < settings.rampMinRequests && !clearlyBad) {
    return {
      verdict: 'wait',
      reason: `the service answered ${service.requests} of ${settings.rampMinRequests} requests that a judgement needs`,
    };
  }
  if (errors > allowed)
    return {
      verdict: 'back',
      reason: `error rate of the service ${shown(errors)} % exceeds the allowed ${shown(allowed)} %`,
    };
  const refusals = refusedVerdict(monolith, service, settings);
  if (refusals !== undefined) return refusals;
  if (allowedP99 !== null && service.p99Ms > allowedP99) {
    return {
      verdict: 'back',
      reason:
        `p99 of the service, ${p99Text(service.p99Ms)}, is over ` +
        `${settings.rampMaxLatencyRatio} times the monolith's, ${p99Text(monolith.p99Ms)}`,
    };
  }
  return {
    verdict: 'keep',
    reason:
      `errors ${shown(errors)} % (allowed ${shown(allowed)} %), p99 ${p99Text(service.p99Ms)}` +
      (allowedP99 === null
        ? ''
        : ` (allowed ${allowedP99} ms, monolith ${p99Text(monolith.p99Ms)})`),
  };
}

/**
 * What the service refuses and the monolith does not. Clients choose what is refused, so a full sample is wanted of the service, and
 * without one of the monolith half of all is what is too much.
 */
function refusedVerdict(
  monolith: SideWindow,
  service: SideWindow,
  { rampMinRequests, rampMaxRefusedExcessPercent }: Required<GateSettings>,
): RampVerdict | undefined {
  if (monolith.refused === null || service.refused === null) return undefined;
  if (service.requests < rampMinRequests || service.requests === 0) return undefined;
  const before = monolith.requests === 0 ? 0 : (100 * monolith.refused) / monolith.requests;
  const excess = before + rampMaxRefusedExcessPercent;
  const allowed = monolith.requests >= rampMinRequests ? excess : Math.max(50, excess);
  const refused = (100 * service.refused) / service.requests;
  if (refused <= allowed) return undefined;
  return {
    verdict: 'back',
    reason: `the service refuses ${shown(refused)} % of its requests (4xx), more than the allowed ${shown(allowed)} %`,
  };
}
