import { lsnToText } from '../database/lsn.ts';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { healthOf, type WorkerView } from './worker-view.ts';

const phases = ['starting', 'standby', 'waiting', 'copying', 'streaming', 'failed'] as const;

/** All metrics of one worker. Nothing is counted while it works: they are filled from what it knows when somebody asks. */
export function workerMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const gauge = (name: string, help: string, labels: readonly string[] = []) =>
    new Gauge({ name, help, labelNames: ['context', ...labels], registers });
  const counter = (name: string, help: string, labels: readonly string[] = []) =>
    new Counter({ name, help, labelNames: ['context', ...labels], registers });
  const byDirection = ['direction'];
  const gauges = {
    healthy: gauge('strangler_worker_healthy', '1 while the worker does its work or stands by'),
    phase: gauge('strangler_worker_phase', '1 for what the worker does now', ['phase']),
    epoch: gauge('strangler_worker_epoch', 'Epoch whose changes it applies', byDirection),
    lag: gauge('strangler_worker_lag_seconds', 'Source time minus watermark', byDirection),
    lagBytes: gauge('strangler_worker_lag_bytes', 'Log of the source not applied', byDirection),
    caughtUp: gauge('strangler_worker_caught_up', '1 while the lag is under a second', byDirection),
    position: gauge('strangler_worker_position_bytes', 'Applied log position', byDirection),
    sourcePosition: gauge(
      'strangler_worker_source_position_bytes',
      'End of the log of the source',
      byDirection,
    ),
    deadLetters: gauge('strangler_worker_dead_letters', 'Rows that are parked', byDirection),
    held: gauge(
      'strangler_worker_rereading',
      '1 while rows are read again and the watermark stands still',
      byDirection,
    ),
    verificationAge: gauge(
      'strangler_worker_verification_age_seconds',
      'Of the newest verification of this epoch; no series without one',
      byDirection,
    ),
    verificationOk: gauge(
      'strangler_worker_verification_ok',
      '1: the newest verification of this epoch found no difference',
      byDirection,
    ),
    rowsCopied: gauge('strangler_worker_rows_copied', 'By the first copy', ['table']),
    slotPresent: gauge(
      'strangler_worker_slot_usable',
      '1: the slot is there and not lost',
      byDirection,
    ),
    slotKept: gauge(
      'strangler_worker_slot_kept_bytes',
      'Log that the owner keeps because of the slot',
      byDirection,
    ),
    slotBehind: gauge(
      'strangler_worker_slot_behind_bytes',
      'Log between what was confirmed and the end',
      byDirection,
    ),
    slotSafe: gauge(
      'strangler_worker_slot_safe_bytes',
      'Log that may still be written before the slot is lost; no series without a limit',
      byDirection,
    ),
  };
  const counters = {
    rows: counter('strangler_worker_rows_applied_total', 'Since replication began', byDirection),
    failures: counter('strangler_worker_failures_total', 'By code', ['code']),
    restarts: counter('strangler_worker_restarts_total', 'Times it went on after a failure'),
  };

  const fill = (view: WorkerView, now: number): void => {
    for (const metric of Object.values(gauges)) metric.reset();
    for (const metric of Object.values(counters)) metric.reset();
    const { context, streaming, copying } = view;
    gauges.healthy.set({ context }, healthOf(view, now).ok ? 1 : 0);
    for (const phase of phases) gauges.phase.set({ context, phase }, view.phase === phase ? 1 : 0);
    counters.restarts.inc({ context }, view.restarts);
    for (const [code, count] of Object.entries(view.failures))
      counters.failures.inc({ context, code }, count);
    if (copying?.table !== undefined)
      gauges.rowsCopied.set({ context, table: copying.table }, copying.rowsCopied ?? 0);
    if (streaming?.direction === undefined) return;
    const of = { context, direction: streaming.direction };
    const silentSeconds = Math.max(0, now - view.heard) / 1000;
    const { slot, verification } = streaming;
    const known: [keyof typeof gauges, number | undefined][] = [
      ['epoch', streaming.epoch],
      // A worker that fails falls behind all the same.
      ['lag', (streaming.lagSeconds ?? 0) + silentSeconds],
      ['lagBytes', streaming.lagBytes],
      ['caughtUp', streaming.caughtUp === true && view.phase === 'streaming' ? 1 : 0],
      ['position', streaming.position === undefined ? undefined : Number(streaming.position)],
      [
        'sourcePosition',
        streaming.sourcePosition === undefined ? undefined : Number(streaming.sourcePosition),
      ],
      ['deadLetters', streaming.deadLetters],
      ['held', streaming.held === undefined ? 0 : 1],
      ['slotPresent', slot === undefined ? undefined : usable(slot)],
      ['slotKept', slot?.keptBytes],
      ['slotBehind', slot?.behindBytes],
      ['slotSafe', slot?.safeBytes ?? undefined],
      ['verificationAge', verification?.ageSeconds],
      ['verificationOk', verification ? Number(verification.ok) : undefined],
    ];
    for (const [name, value] of known) if (value !== undefined) gauges[name].set(of, value);
    counters.rows.inc(of, streaming.rowsApplied ?? 0);
  };
  return { registry, fill };
}

const usable = (slot: { readonly walStatus: string } | null): number =>
  slot === null || slot.walStatus === 'lost' ? 0 : 1;

/** What /health says: the view in words. */
export function healthText(view: WorkerView, now: number): Record<string, unknown> {
  const { ok, status, why } = healthOf(view, now);
  const { streaming, copying } = view;
  return {
    ok,
    status,
    ...(why !== null && { why }),
    context: view.context,
    ...(view.planProblem && { plan: { problem: view.planProblem } }),
    sinceSeconds: Math.round((now - view.since) / 1000),
    silentSeconds: Math.round((now - view.heard) / 1000),
    restarts: view.restarts,
    ...(copying && { table: copying.table, rowsCopied: copying.rowsCopied }),
    ...(streaming && {
      direction: streaming.direction,
      epoch: streaming.epoch,
      lagSeconds: streaming.lagSeconds,
      lagBytes: streaming.lagBytes,
      caughtUp: streaming.caughtUp,
      position: streaming.position === undefined ? undefined : lsnToText(streaming.position),
      rowsApplied: streaming.rowsApplied,
      deadLetters: streaming.deadLetters,
      rereading: streaming.held,
      slot: streaming.slot,
      verification: streaming.verification,
    }),
  };
}
