import { createHmac, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { FacadeLimits } from '../config/limits.ts';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Spans } from '../telemetry/spans/spans.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import type { Verdict } from './judge.ts';
import { answerForm, FormPace } from './answer-form.ts';
import { Mirror, type MirroredRead } from './mirror.ts';
import { sampleOf } from './records.ts';

export interface RecordedMirrorOptions {
  readonly agents: UpstreamAgents;
  readonly recorder: Recorder;
  readonly metrics: Metrics;
  readonly limits: FacadeLimits;
  readonly log: Logger;
  readonly spans: Spans | undefined;
  /** Of a context, now. */
  readonly epochOf: (context: string) => bigint;
  /** Is the route one of the context files that are served by now? */
  readonly serves: (route: MirroredRead['route']) => boolean;
}

/** A mirror whose verdicts are counted here and in the control database, with a sample of what differed. */
export function recordedMirror(options: RecordedMirrorOptions): Mirror {
  const { agents, recorder, metrics, limits, log, epochOf, serves, spans } = options;
  // a key of this process: nobody who reads samples can try values until one fits
  const key = randomBytes(32);
  const fingerprint = (text: string): string =>
    createHmac('sha256', key).update(text).digest('hex').slice(0, 8);
  const note = (read: MirroredRead, reached: Verdict): void => {
    const { context, definition } = read.route;
    // the sides changed their parts while they were asked, or the file what is compared: nobody knows what the verdict is about
    const verdict: Verdict =
      read.epoch === epochOf(context) && serves(read.route)
        ? reached
        : { outcome: 'dropped', differences: [] };
    const { outcome } = verdict;
    const epoch = String(read.epoch);
    metrics.shadow.inc({ context, route: definition.name, outcome });
    recorder.counts.add({ context, route: definition.name, outcome, epoch, count: 1 });
    if (outcome === 'match' || outcome === 'dropped') return;
    const { path, search } = read.target;
    recorder.sample(
      sampleOf({
        context,
        route: definition,
        verdict,
        method: read.method,
        path,
        search,
        epoch,
        fingerprint,
      }),
    );
  };
  const pace = new FormPace();
  return new Mirror({
    agents,
    spans,
    note,
    agreed: (read, answer) => {
      const { context, definition } = read.route;
      if (
        !recorder.tells ||
        !serves(read.route) ||
        !pace.allows(`${context}\n${definition.name}\n${answer.status}`)
      )
        return;
      recorder.forms.add(answerForm(read, answer));
    },
    serves,
    caughtUp: (context, withinMs) => recorder.caughtUp(context, withinMs),
    limits: {
      maxJobs: limits.shadowMaxJobs,
      maxBytes: limits.shadowMaxBytes,
      maxBodyBytes: limits.shadowMaxBodyBytes,
      concurrency: limits.shadowConcurrency,
      timeoutMs: limits.shadowTimeoutMs,
      catchUpMs: limits.shadowCatchUpMs,
    },
    onCrash: (error) => {
      metrics.shadowCrashes.inc();
      log.error({ err: error instanceof Error ? error.stack : String(error) }, 'shadow');
    },
  });
}
