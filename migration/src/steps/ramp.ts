import {
  emptyStep,
  fittingSteps,
  gateSettings,
  isWithin,
  judgeRampStep,
  type MigrationDefinition,
  type RampVerdict,
  type SideWindow,
  steersAt,
  StranglerError,
  type TrafficSeen,
} from '@strangler-toolkit/plan';
import {
  type FlagWriter,
  requireShares,
  routeFlags,
  type ShareOptions,
  steerableRoutes,
} from '../flags/index.ts';
import { identitiesOf, markOf } from './ramp-names.ts';
import { judgedGood, judgedNames, namesBack, wayBack } from './ramp-way-back.ts';
import { raises } from './ramp-raise.ts';
import { besides } from './ramp-words.ts';
import { recentSeconds } from './side-health.ts';
import { decideMove, enterStage, type ForceOptions, passGates, refusalOf } from './gated-move.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface RampOptions extends ForceOptions {
  readonly context: string;
  /** Growing percentages; default: 1, 5, 25, 50, 100, and 100 alone without Unleash. */
  readonly steps?: readonly number[];
  /** Each request for itself instead of identities, where there are few of them. Writers still read their writes: pins count first. */
  readonly byRequest?: boolean;
  /** Values by which requests show who they are; these have the service at every step, also at 0 %. */
  readonly identities?: readonly string[];
  readonly holdSeconds: number;
  /** Longest wait of a step for enough traffic. */
  readonly maxWaitSeconds?: number;
}

export interface RampStepResult {
  readonly percent: number;
  readonly verdict: RampVerdict['verdict'];
  readonly reason: string;
  readonly monolith: SideWindow;
  readonly service: SideWindow;
}

export interface RampResult {
  readonly context: string;
  readonly percent: number;
  /** How many have the service by name besides. */
  readonly named: number;
  readonly steps: readonly RampStepResult[];
  /** Of the last day. */
  readonly traffic: TrafficSeen;
}

async function setAll(
  kit: Toolkit,
  context: string,
  names: readonly string[],
  { percent, ...how }: { readonly percent: number } & Required<ShareOptions>,
): Promise<void> {
  const flags = kit.flagWriter();
  for (const name of names) await flags.setPercent(name, context, percent, how);
}

/** The steps of a ramp, if they can be given. @throws StranglerError UNLEASH_NEEDED */
function stepsOf({ steps, identities }: RampOptions, flags: FlagWriter): readonly number[] {
  if (steps === undefined && identities) return [0];
  if (steps === undefined) return flags.percentages ? [1, 5, 25, 50, 100] : [100];
  requireShares(flags, steps);
  return steps;
}

/** A share sticks to identities; where there are few of them, small steps are for nobody and would wait in vain. */
function refuseEmptyStep(context: string, steps: readonly number[], traffic: TrafficSeen): void {
  const step = emptyStep(steps, traffic);
  if (step === undefined) return;
  throw new StranglerError(
    'USAGE',
    `${step} % of ${context} is nobody: ${traffic.identities === 1 ? '1 identity was' : `${traffic.identities} identities were`} ` +
      `seen in the last day, and the first of them comes at ${traffic.shares[0]} %`,
    {
      details: { step, traffic },
      remedy:
        `strangler ramp ${context} --steps ${fittingSteps(traffic).join(',')}; ` +
        `or shares of requests instead of identities: strangler ramp ${context} --steps ${steps.join(',')} --by-request`,
    },
  );
}

/**
 * What the monolith did before a ramp whose first step takes all reads from it.
 * @throws StranglerError GATE_REFUSED when that is too little to judge by: later there is nothing more to see
 */
async function baselineOf(
  kit: Toolkit,
  definition: MigrationDefinition,
  steps: readonly number[],
): Promise<SideWindow | undefined> {
  if (steps.find((percent) => percent > 0) !== 100) return undefined;
  const { context } = definition;
  const { rampMinRequests } = gateSettings(definition);
  const routes = steerableRoutes(definition).map((chosen) => chosen.name);
  const { routeStats } = await kit.control();
  const window = await routeStats.window(context, { seconds: recentSeconds, routes });
  if (window.monolith.requests >= rampMinRequests) return window.monolith;
  throw new StranglerError(
    'GATE_REFUSED',
    `100 % of ${context} could not be judged: in the last ${recentSeconds / 60} minutes the monolith answered ` +
      `${window.monolith.requests} of ${rampMinRequests} requests that a judgement needs`,
    {
      details: { monolith: window.monolith },
      remedy:
        `Let the monolith answer reads (strangler route ${context} --all --percent 0), then ramp again; ` +
        'or lower gates.rampMinRequests in the context file.',
    },
  );
}

/** A share that was judged bad, and whether it is gone: `left` tells why the flags could not be set back. */
function judgedBad(
  context: string,
  { percent, reason }: RampStepResult,
  steps: readonly RampStepResult[],
  { back, left }: { readonly back: number; readonly left?: string | undefined },
): StranglerError {
  if (left === undefined)
    return new StranglerError('GATE_REFUSED', `${percent} % was taken back: ${reason}`, {
      details: { steps },
      remedy: "Look at the service's log and metrics, mend it, then ramp again.",
    });
  return new StranglerError(
    'GATE_REFUSED',
    `${percent} % is bad and could not be set back to ${back} % (${left}): ${reason}`,
    { details: { steps }, remedy: `strangler route ${context} --all --percent ${back}` },
  );
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export const ramp: Step<RampOptions, RampResult> = {
  async execute(kit, options) {
    const { context } = options;
    const definition = await kit.definition(context);
    const control = await kit.control();
    const settings = gateSettings(definition);
    const names = routeFlags(definition);
    const routes = steerableRoutes(definition).map((chosen) => chosen.name);
    const flags = kit.flagWriter();
    const steps = stepsOf(options, flags);
    const identities = identitiesOf(definition, options.identities);
    const named = new Set(options.identities).size;
    await flags.ping();
    const traffic = await control.identities.of(context, 24);
    const byRequest = options.byRequest ?? false;
    if (!options.force && !byRequest && named === 0) refuseEmptyStep(context, steps, traffic);
    return kit.withLease(context, 'ramp', async (lease, signal) => {
      const row = await kit.row(definition);
      let baseline = await baselineOf(kit, definition, steps);
      if (!steersAt(row.stage)) {
        const decision = await passGates(kit, definition, 'canary', options);
        await enterStage(kit, definition, { decision, lease });
        kit.tell('stage', 'canary', 'done');
      }
      const states = await flags.readAll(names, context);
      const percents = states.map((state) => state.percent);
      const higher = (percent: number): boolean => raises(states, { percent, identities });
      if (isWithin('canary', row.stage) && steps.some(higher))
        await passGates(kit, definition, 'canary', options);
      const before = await control.journal.list({ context, step: 'ramp', limit: 1 });
      let kept = judgedGood(before, { epoch: row.epoch, percents });
      let keptNames = judgedNames(before, {
        epoch: row.epoch,
        named: states.map((state) => state.identities ?? []),
      });
      if (named === 0 && states.some((state) => state.identities))
        kit.tell('identities', 'nobody has the service by name any more', 'update');
      let keptByRequest = states.some((state) => state.byRequest);
      const results: RampStepResult[] = [];
      for (const [index, percent] of steps.entries()) {
        await lease.check();
        // Steps are hours apart, and builds come in between. Refused, what was judged good remains.
        if (index > 0 && row.stage !== 'service' && !options.force && higher(percent))
          await passGates(kit, definition, 'canary', options);
        const journal = (status: 'started' | 'done' | 'failed', detail: object): Promise<void> =>
          control.journal.append({
            context,
            actor: kit.actor,
            step: 'ramp',
            status,
            detail: { percent, ...(named > 0 && { named, names: markOf(identities) }), ...detail },
          });
        let bad: RampStepResult | undefined;
        try {
          await journal('started', { from: kept });
          await setAll(kit, context, names, { percent, byRequest, identities });
          kit.tell(
            `ramp ${percent}`,
            `${percent} % of reads${byRequest ? ', each for itself,' : ''}${besides(named)} to the service, ` +
              `watched for ${options.holdSeconds} s`,
            'started',
          );
          const since = await control.now();
          const began = performance.now();
          const limit = (options.maxWaitSeconds ?? options.holdSeconds * 10) * 1000;
          let verdict: RampVerdict;
          let window: { monolith: SideWindow; service: SideWindow };
          for (;;) {
            await kit.pause(Math.min(1000, Math.max(50, options.holdSeconds * 250)), signal);
            window = await control.routeStats.window(context, { since, routes });
            verdict = judgeRampStep(
              { ...window, percent, named: named > 0, ...(baseline && { baseline }) },
              settings,
            );
            kit.tell(`ramp ${percent}`, `${percent} %: ${verdict.reason}`, 'update');
            const held = performance.now() - began >= options.holdSeconds * 1000;
            if (verdict.verdict === 'back' || (held && verdict.verdict === 'keep')) break;
            if (performance.now() - began > Math.max(limit, options.holdSeconds * 1000)) break;
          }
          const step = { percent, verdict: verdict.verdict, reason: verdict.reason, ...window };
          results.push(step);
          await control.evidence.record({
            context,
            kind: 'ramp',
            epoch: row.epoch,
            ok: verdict.verdict === 'keep',
            detail: { percent, reason: verdict.reason, ...window },
          });
          if (verdict.verdict === 'wait')
            throw new StranglerError(
              'TIMEOUT',
              `${percent} % could not be judged: ${verdict.reason}`,
              {
                details: { steps: results },
                remedy:
                  'Wait for more traffic (--max-wait), or lower gates.rampMinRequests in the context file.' +
                  (named > 0 && window.service.requests === 0
                    ? ` A name is what the first of these that a request has says: ${definition.identity?.join(', ')}.`
                    : ''),
              },
            );
          if (verdict.verdict === 'back') {
            bad = step;
            throw new Error(verdict.reason);
          }
          await journal('done', { reason: verdict.reason });
          kit.tell(`ramp ${percent}`, `${percent} % holds: ${verdict.reason}`, 'done');
          kept = percent;
          keptByRequest = byRequest;
          keptNames = identities;
          if (window.monolith.requests >= settings.rampMinRequests) baseline = window.monolith;
        } catch (error) {
          // Whatever went wrong, Ctrl-C included: the last percentage that held is what remains.
          const way = { percent, good: kept, judgedBad: bad !== undefined };
          const back = wayBack(way);
          const left = await setAll(kit, context, names, {
            percent: back,
            byRequest: keptByRequest,
            identities: namesBack({ ...way, tried: identities, kept: keptNames }),
          }).then(() => undefined, messageOf);
          await journal('failed', { back, left, reason: messageOf(error) }).catch(() => {});
          kit.tell(
            `ramp ${percent}`,
            left === undefined ? `back to ${back} %` : `not set back to ${back} %: ${left}`,
            'failed',
          );
          throw bad ? judgedBad(context, bad, results, { back, left }) : error;
        }
      }
      return {
        context,
        percent: kept,
        named,
        steps: results,
        traffic: await control.identities.of(context, 24),
      };
    });
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    const row = await kit.row(definition);
    const control = await kit.control();
    const percents = stepsOf(options, kit.flagWriter());
    const identities = identitiesOf(definition, options.identities);
    const named = new Set(options.identities).size;
    if (!options.force && !options.byRequest && named === 0)
      refuseEmptyStep(options.context, percents, await control.identities.of(options.context, 24));
    const steps = percents.map((percent) => ({
      action:
        `set flags to ${percent} %${options.byRequest ? ' of requests' : ''}${besides(named)}, ` +
        `watch for ${options.holdSeconds} s, step back if worse`,
      detail: routeFlags(definition).join(', '),
    }));
    await baselineOf(kit, definition, percents);
    if (steersAt(row.stage)) {
      const states = await kit.flagWriter().readAll(routeFlags(definition), options.context);
      const higher = percents.some((percent) => raises(states, { percent, identities }));
      if (!isWithin('canary', row.stage) || !higher) return planned(steps);
    }
    const decision = await decideMove(kit, definition, 'canary', options);
    return planned(
      [...(steersAt(row.stage) ? [] : ['set stage canary']), ...steps],
      refusalOf(definition, 'canary', decision, options.force),
    );
  },
};
