import type { Endpoint } from '../resilience/balancer.ts';
import type { Upstreams } from '../resilience/upstreams.ts';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import type { Spans } from '../telemetry/spans/spans.ts';
import { TracedForwarder } from '../telemetry/spans/traced-forwarder.ts';
import { BoundedForwarder } from './bounded-forwarder.ts';
import type { Deadlines } from './deadlines.ts';
import type { Forwarder } from './forwarder.ts';
import { MiddlewareForwarder } from './middleware-forwarder.ts';
import { UndiciForwarder } from './undici-forwarder.ts';
import { type PoolLimits, UndiciPools } from './undici-pools.ts';

export interface OpenForwarder {
  readonly forwarder: Forwarder;
  /** Connections to others end with their requests. */
  keep(endpoints: readonly Endpoint[]): void;
  close(): void;
}

export interface ForwarderParts {
  readonly agents: UpstreamAgents;
  readonly deadlines: Deadlines;
  readonly limits: PoolLimits;
  readonly upstreams: Upstreams;
  /** Longest wait for a place at an upstream. */
  readonly waitMs: number;
  /** Undefined: no collector is told. */
  readonly spans: Spans | undefined;
}

/** The only place that knows which forwarders there are. */
export function openForwarder(
  name: 'undici' | 'middleware',
  { agents, deadlines, limits, upstreams, waitMs, spans }: ForwarderParts,
): OpenForwarder {
  const bounded = (inner: Forwarder): Forwarder =>
    new BoundedForwarder(
      spans ? new TracedForwarder(inner, spans) : inner,
      upstreams,
      deadlines,
      waitMs,
    );
  const middleware = new MiddlewareForwarder(agents, deadlines);
  if (name === 'middleware')
    return {
      forwarder: bounded(middleware),
      keep: (endpoints) => agents.keep(endpoints),
      close: () => deadlines.stop(),
    };
  const pools = new UndiciPools(limits);
  const undici = new UndiciForwarder(pools, deadlines, middleware);
  const { mended } = agents;
  return {
    forwarder: bounded(
      mended.size === 0
        ? undici
        : {
            send: (wish, settle) =>
              (mended.has(wish.upstream) ? middleware : undici).send(wish, settle),
          },
    ),
    keep(endpoints) {
      agents.keep(endpoints);
      pools.keep(endpoints);
    },
    close() {
      deadlines.stop();
      pools.destroy();
    },
  };
}
