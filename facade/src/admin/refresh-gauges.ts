import type { Serving } from '../serving/serving.ts';

/** Gauges are looked up when somebody asks for them, not kept up to date by every request. */
export function refreshGauges({ metrics, ownership, flags, mirror, watch }: Serving): void {
  metrics.flagAge.set(flags.status().ageSeconds ?? -1);
  metrics.controlUp.set(ownership.link?.up ? 1 : 0);
  metrics.controlAge.set(ownership.link?.ageSeconds ?? -1);
  metrics.shadowQueued.set(mirror.waiting);
  metrics.epoch.reset();
  for (const context of ownership.states.contexts()) {
    const { owner, stage, epoch } = ownership.states.get(context);
    metrics.epoch.set({ context, owner, stage }, Number(epoch));
    metrics.holding.set({ context }, ownership.states.holding(context) ? 1 : 0);
    metrics.waitingWrites.set({ context }, ownership.gate.waiting(context));
    metrics.writesInFlight.set({ context }, ownership.gate.inFlight(context));
    for (const [side, health] of Object.entries(watch.of(context)))
      if (health) metrics.upstreamUp.set({ context, side }, health.up ? 1 : 0);
  }
}
