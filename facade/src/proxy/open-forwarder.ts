import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import type { Deadlines } from './deadlines.ts';
import type { Forwarder } from './forwarder.ts';
import { MiddlewareForwarder } from './middleware-forwarder.ts';
import { UndiciForwarder } from './undici-forwarder.ts';
import { type PoolLimits, UndiciPools } from './undici-pools.ts';

export interface OpenForwarder {
  readonly forwarder: Forwarder;
  close(): void;
}

export interface ForwarderParts {
  readonly agents: UpstreamAgents;
  readonly deadlines: Deadlines;
  readonly limits: PoolLimits;
}

/** The only place that knows which forwarders there are. */
export function openForwarder(
  name: 'undici' | 'middleware',
  { agents, deadlines, limits }: ForwarderParts,
): OpenForwarder {
  const middleware = new MiddlewareForwarder(agents, deadlines);
  if (name === 'middleware') return { forwarder: middleware, close: () => deadlines.stop() };
  const pools = new UndiciPools(limits);
  const undici = new UndiciForwarder(pools, deadlines, middleware);
  const { mended } = agents;
  return {
    forwarder:
      mended.size === 0
        ? undici
        : {
            send: (wish, settle) =>
              (mended.has(wish.upstream) ? middleware : undici).send(wish, settle),
          },
    close() {
      deadlines.stop();
      pools.destroy();
    },
  };
}
