import { type Context, type Link, SamplingDecision, trace } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/sdk-trace';

const [taken, left] = [
  { decision: SamplingDecision.RECORD_AND_SAMPLED },
  { decision: SamplingDecision.NOT_RECORD },
];

/** As its origin was decided: whom it is a child of, or what it is linked to; a root of its own by `byChance`. */
export const followOrigin = (byChance: Sampler): Sampler => ({
  shouldSample(context: Context, ...[traceId, name, kind, attributes, links]) {
    const origin = trace.getSpanContext(context) ?? (links as readonly Link[])[0]?.context;
    if (!origin) return byChance.shouldSample(context, traceId, name, kind, attributes, links);
    return (origin.traceFlags & 1) === 1 ? taken : left;
  },
  toString: () => `FollowOrigin(${byChance.toString()})`,
});
