import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleType,
  isBrokenCircuitError,
} from 'cockatiel';

/** The upstream did not answer. Never a client that went away: that says nothing about the upstream. */
export class UpstreamFailure extends Error {
  /** `unreadable`: it answered, in no HTTP: that says nothing about the next request. */
  readonly kind: 'unreachable' | 'timeout' | 'refusing' | 'unreadable';
  override readonly name = 'UpstreamFailure';

  constructor(kind: UpstreamFailure['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

export interface Breaker {
  /** False while one request tries the upstream again: others must not wait for its end. */
  readonly willing: boolean;
  readonly state: 'closed' | 'open' | 'half-open';
  /** Runs unless open. @throws what `run` throws; `undefined` when the circuit is open. */
  execute<T>(run: () => Promise<T>): Promise<T | undefined>;
}

/** Five failures in a row open it; it tries again after half a second, then ever later, at most every 10 s. */
export function upstreamBreaker(onChange: (state: Breaker['state']) => void): Breaker {
  const policy = circuitBreaker(
    handleType(UpstreamFailure, ({ kind }) => kind !== 'unreadable'),
    {
      breaker: new ConsecutiveBreaker(5),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: 500, maxDelay: 10_000 }),
    },
  );
  const stateOf = (): Breaker['state'] =>
    policy.state === CircuitState.Closed
      ? 'closed'
      : policy.state === CircuitState.HalfOpen
        ? 'half-open'
        : 'open';
  policy.onStateChange(() => onChange(stateOf()));
  return {
    get willing() {
      return policy.state !== CircuitState.HalfOpen;
    },
    get state() {
      return stateOf();
    },
    async execute(run) {
      try {
        return await policy.execute(run);
      } catch (error) {
        if (isBrokenCircuitError(error)) return undefined;
        throw error;
      }
    },
  };
}
