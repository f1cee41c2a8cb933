import { WORKER_DEAD_SECONDS } from '@strangler-toolkit/plan';
import type { WorkerProgress } from '../worker/worker-options.ts';

/** What one worker knows of itself. Times are milliseconds of one clock, which is passed in. */
export interface WorkerView {
  readonly context: string;
  readonly phase: 'starting' | WorkerProgress['phase'];
  /** Since when it is in this phase, and when it last told anything. */
  readonly since: number;
  readonly heard: number;
  readonly copying: WorkerProgress | null;
  /** The newest sample of the stream; it outlives a failure. */
  readonly streaming: WorkerProgress | null;
  /** Until it got past the place where it failed. */
  readonly failure: WorkerProgress | null;
  /** By code. */
  readonly failures: Readonly<Record<string, number>>;
  /** How many times it went on after a failure. */
  readonly restarts: number;
  /** Why the context file that lies there is not the one it works by. */
  readonly planProblem?: { readonly code: string; readonly message: string } | null;
}

export const beginView = (context: string, now: number): WorkerView => ({
  context,
  phase: 'starting',
  since: now,
  heard: now,
  copying: null,
  streaming: null,
  failure: null,
  failures: {},
  restarts: 0,
});

/** The view after the worker told something. */
export function seen(view: WorkerView, told: WorkerProgress, now: number): WorkerView {
  const { phase } = told;
  const next: WorkerView = {
    ...view,
    phase,
    heard: now,
    since: phase === view.phase ? view.since : now,
    restarts: view.restarts + (view.phase === 'failed' && phase !== 'failed' ? 1 : 0),
  };
  switch (phase) {
    case 'standby':
    case 'waiting':
      return { ...next, copying: null, streaming: null, failure: null };
    case 'copying':
      return { ...next, copying: told, streaming: null, failure: null };
    case 'streaming':
      return {
        ...next,
        copying: null,
        streaming: told,
        failure: told.failing === undefined ? null : view.failure,
      };
    case 'failed': {
      const code = told.code ?? '';
      const failures = { ...view.failures, [code]: (view.failures[code] ?? 0) + 1 };
      return { ...next, failure: told, failures };
    }
    default:
      return phase satisfies never;
  }
}

/** Whether something began that a person wants a line about; samples between two such moments say nothing new. */
export function isNews(before: WorkerView, after: WorkerView): boolean {
  const [was, is] = [before.streaming, after.streaming];
  return (
    before.phase !== after.phase ||
    before.failure?.message !== after.failure?.message ||
    (was !== null &&
      is !== null &&
      (was.direction !== is.direction ||
        was.held !== is.held ||
        was.deadLetters !== is.deadLetters))
  );
}

export interface WorkerHealth {
  readonly ok: boolean;
  readonly status: WorkerView['phase'] | 'silent';
  readonly why: string | null;
}

/** Before a copy begins a slot may wait for old transactions, and after it a connector; a stream tells ten times a second. */
const silentAfterSeconds = { copying: 300, streaming: WORKER_DEAD_SECONDS };

const failureText = ({ failure }: WorkerView): string =>
  `${failure?.code ?? ''}: ${failure?.message ?? ''}`;

/** Whether this worker does its work, standing by included. */
export function healthOf(view: WorkerView, now: number): WorkerHealth {
  const { phase } = view;
  switch (phase) {
    case 'starting':
      return { ok: false, status: phase, why: 'it has not begun yet' };
    case 'failed':
      return { ok: false, status: 'failed', why: failureText(view) };
    case 'standby':
    case 'waiting':
      return { ok: true, status: phase, why: null };
    case 'copying':
    case 'streaming': {
      if (view.failure !== null) return { ok: false, status: 'failed', why: failureText(view) };
      const seconds = (now - view.heard) / 1000;
      return seconds <= silentAfterSeconds[phase]
        ? { ok: true, status: phase, why: null }
        : { ok: false, status: 'silent', why: `${phase}, but silent for ${Math.round(seconds)} s` };
    }
    default:
      return phase satisfies never;
  }
}
