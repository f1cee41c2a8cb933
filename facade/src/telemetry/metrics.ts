import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { RequestMeters } from './request-meter.ts';

/** All metrics of one facade, in a registry of its own so that two facades fit into one process. */
export function facadeMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    meters: new RequestMeters(registry),
    rejected: new Counter({
      name: 'facade_rejected_total',
      help: 'Requests refused before any upstream',
      labelNames: ['code'],
      registers,
    }),
    upstreamFailures: new Counter({
      name: 'facade_upstream_failures_total',
      help: 'Tries without an answer',
      labelNames: ['context', 'side', 'kind'],
      registers,
    }),
    fallbacks: new Counter({
      name: 'facade_fallbacks_total',
      help: 'Reads that the owner served because the other side failed',
      labelNames: ['context', 'route'],
      registers,
    }),
    edgeFailures: new Counter({
      name: 'facade_edge_failures_total',
      help: 'Duties of an edge that could not be done: keys of an issuer, sessions of the monolith, counts of requests',
      labelNames: ['duty'],
      registers,
    }),
    edgeCache: new Counter({
      name: 'facade_edge_cache_total',
      help: 'Reads of routes whose answers are kept: hit, miss, bypass (not for who or what asks), and answers that were kept',
      labelNames: ['context', 'route', 'outcome'],
      registers,
    }),
    edgeTesters: new Counter({
      name: 'facade_edge_testers_total',
      help: "Requests with a tester's token: taken, or why it counted for nothing (expired, too-long, forged, twice)",
      labelNames: ['outcome'],
      registers,
    }),
    edgeRewrites: new Counter({
      name: 'facade_edge_rewrites_total',
      help: 'Bodies whose fields were to get other names: renamed, unchanged (none of them is there), or why they stayed',
      labelNames: ['message', 'outcome'],
      registers,
    }),
    spans: new Counter({
      name: 'facade_spans_total',
      help: 'Spans for the collector of traces: sent, failed (it did not take them), dropped (too many waited)',
      labelNames: ['outcome'],
      registers,
    }),
    rampSurplus: new Counter({
      name: 'facade_ramp_surplus_total',
      help: 'Reads that their flag sent to the service and the owner answered, because the ramp ceiling was reached',
      labelNames: ['context', 'route'],
      registers,
    }),
    standIns: new Counter({
      name: 'facade_stand_ins_total',
      help: 'Reads of a dead owner that the other side answered (served), or why it did not',
      labelNames: ['context', 'route', 'outcome'],
      registers,
    }),
    upstreamInFlight: new Gauge({
      name: 'facade_upstream_requests',
      help: 'Requests that an upstream is asked right now',
      labelNames: ['upstream'],
      registers,
    }),
    upstreamWaiting: new Gauge({
      name: 'facade_upstream_waiting',
      help: 'Requests that wait because an upstream has all that it is asked at a time',
      labelNames: ['upstream'],
      registers,
    }),
    upstreamInstances: new Gauge({
      name: 'facade_upstream_instances',
      help: 'Instances of an upstream that has several: serving, ejected (failed in a row), probed (tried again)',
      labelNames: ['upstream', 'state'],
      registers,
    }),
    nameAddresses: new Gauge({
      name: 'facade_name_addresses',
      help: "Addresses that are known of an upstream's name",
      labelNames: ['name'],
      registers,
    }),
    nameKnown: new Gauge({
      name: 'facade_name_known',
      help: "0 while an upstream's name cannot be looked up: its last addresses stay",
      labelNames: ['name'],
      registers,
    }),
    inFlight: new Gauge({
      name: 'facade_in_flight',
      help: 'Requests that the facade has in its hands',
      registers,
    }),
    retries: new Counter({
      name: 'facade_stale_connection_retries_total',
      help: 'Tries repeated on a new connection',
      registers,
    }),
    breaker: new Gauge({
      name: 'facade_breaker_open',
      help: '1 while the breaker of a side is not closed',
      labelNames: ['context', 'side'],
      registers,
    }),
    upstreamUp: new Gauge({
      name: 'facade_upstream_up',
      help: '1 while the HTTP side answers its health address, 0 while it does not',
      labelNames: ['context', 'side'],
      registers,
    }),
    holding: new Gauge({
      name: 'facade_holding',
      help: '1 while writes of the context are held',
      labelNames: ['context'],
      registers,
    }),
    waitingWrites: new Gauge({
      name: 'facade_waiting_writes',
      help: 'Writes that wait for the end of a hold',
      labelNames: ['context'],
      registers,
    }),
    writesInFlight: new Gauge({
      name: 'facade_writes_in_flight',
      help: 'Writes under way',
      labelNames: ['context'],
      registers,
    }),
    holdSeconds: new Histogram({
      name: 'facade_hold_wait_seconds',
      help: 'How long held writes waited',
      labelNames: ['context'],
      buckets: [0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20],
      registers,
    }),
    pins: new Counter({
      name: 'facade_pins_total',
      help: 'Pins after writes',
      labelNames: ['context', 'outcome'],
      registers,
    }),
    pinnedReads: new Counter({
      name: 'facade_pinned_reads_total',
      help: 'Reads kept at the owner',
      labelNames: ['context', 'reason'],
      registers,
    }),
    shadow: new Counter({
      name: 'facade_shadow_total',
      help: 'Mirrored reads by outcome',
      labelNames: ['context', 'route', 'outcome'],
      registers,
    }),
    shadowQueued: new Gauge({
      name: 'facade_shadow_queued',
      help: 'Mirrored reads that wait',
      registers,
    }),
    shadowCrashes: new Counter({
      name: 'facade_shadow_crashes_total',
      help: 'Defects in shadow code, counted instead of thrown',
      registers,
    }),
    flagAge: new Gauge({
      name: 'facade_flags_age_seconds',
      help: 'Since Unleash last answered; -1 never; absent where none is set',
      registers,
    }),
    controlUp: new Gauge({
      name: 'facade_control_up',
      help: '1 while the control database answers; absent where none is set',
      registers,
    }),
    controlAge: new Gauge({
      name: 'facade_control_age_seconds',
      help: 'Since the control database last answered; -1 never; absent where none is set',
      registers,
    }),
    epoch: new Gauge({
      name: 'facade_epoch',
      help: 'Known epoch',
      labelNames: ['context', 'owner', 'stage', 'data'],
      registers,
    }),
    statsDropped: new Counter({
      name: 'facade_stats_dropped_total',
      help: 'Numbers for the control database that were given up',
      labelNames: ['kind'],
      registers,
    }),
    upgrades: new Gauge({ name: 'facade_open_upgrades', help: 'WebSockets open', registers }),
  };
}
export type Metrics = ReturnType<typeof facadeMetrics>;
