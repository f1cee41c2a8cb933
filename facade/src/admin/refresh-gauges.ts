import type { Gauge } from 'prom-client';
import type { Serving } from '../serving/serving.ts';

/** What is not set up has no series: an alert must not fire for what nobody wants. */
function told(gauge: Gauge, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}

/** Gauges are looked up when somebody asks for them, not kept up to date by every request. */
export function refreshGauges(serving: Serving): void {
  const { metrics, ownership, flags, mirror, watch, upstreams, names, shedding } = serving;
  const { link } = ownership;
  const { state, ageSeconds } = flags.status();
  told(metrics.flagAge, state === 'off' ? undefined : (ageSeconds ?? -1));
  told(metrics.controlUp, link && (link.up ? 1 : 0));
  told(metrics.controlAge, link && (link.ageSeconds ?? -1));
  metrics.shadowQueued.set(mirror.waiting);
  metrics.inFlight.set(shedding.inFlight);
  metrics.upstreamInstances.reset();
  for (const [address, { bulkhead, balancer }] of upstreams.all) {
    const upstream = new URL(address).host;
    metrics.upstreamInFlight.set({ upstream }, bulkhead.inFlight);
    metrics.upstreamWaiting.set({ upstream }, bulkhead.waiting);
    for (const { state } of balancer.alone ? [] : balancer.instances)
      metrics.upstreamInstances.inc({ upstream, state });
  }
  metrics.nameAddresses.reset();
  metrics.nameKnown.reset();
  for (const { name, addresses, problem } of names.told) {
    metrics.nameAddresses.set({ name }, addresses.length);
    metrics.nameKnown.set({ name }, problem === undefined ? 1 : 0);
  }
  metrics.epoch.reset();
  for (const context of ownership.states.contexts()) {
    const { owner, stage, epoch, dataKind } = ownership.states.get(context);
    metrics.epoch.set({ context, owner, stage, data: dataKind }, Number(epoch));
    metrics.holding.set({ context }, ownership.states.holding(context) ? 1 : 0);
    metrics.waitingWrites.set({ context }, ownership.gate.waiting(context));
    metrics.writesInFlight.set({ context }, ownership.gate.inFlight(context));
    for (const [side, health] of Object.entries(watch.of(context)))
      if (health) metrics.upstreamUp.set({ context, side }, health.up ? 1 : 0);
  }
}
