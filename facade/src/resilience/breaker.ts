import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleType,
  type IBackoff,
  type IBackoffFactory,
  type IHalfOpenAfterBackoffContext,
  isBrokenCircuitError,
} from 'cockatiel';

/** The upstream did not answer. Never a client that went away: that says nothing about the upstream. */
export class UpstreamFailure extends Error {
  /**
   * `unreadable`: it answered, in no HTTP, `unrewritable`: in nothing that the edge can rewrite: that says nothing about the next
   * request. `queue-…`: it was not even asked, because it has all that it is asked at a time, `identity-unknown`: because nobody
   * could say for whom.
   */
  readonly kind:
    | 'unreachable'
    | 'timeout'
    | 'refusing'
    | 'unreadable'
    | 'unrewritable'
    | 'queue-full'
    | 'queue-timeout'
    | 'identity-unknown';
  override readonly name = 'UpstreamFailure';

  constructor(kind: UpstreamFailure['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

/** Whether it was not even asked. */
export const isUnasked = ({ kind }: UpstreamFailure): boolean =>
  kind === 'queue-full' || kind === 'queue-timeout' || kind === 'identity-unknown';

/** Nobody waited for the answer: whether the upstream has one stays unknown. */
export class NoVerdict extends Error {
  override readonly name = 'NoVerdict';
}

/** The library takes what it does not know for a success of the one try: this one it knows. */
class FruitlessTry extends Error {
  override readonly name = 'FruitlessTry';
}

type Waits = IBackoffFactory<IHalfOpenAfterBackoffContext>;

/** A try that brought no verdict makes the next one wait as long as itself did, not longer. */
const sameAfterFruitless = (waits: IBackoff<IHalfOpenAfterBackoffContext>): typeof waits => ({
  duration: waits.duration,
  next: (context) =>
    'error' in context.result && context.result.error instanceof FruitlessTry
      ? sameAfterFruitless(waits)
      : sameAfterFruitless(waits.next(context)),
});

export interface Breaker {
  /** False while one request tries the upstream again: others must not wait for its end. */
  readonly willing: boolean;
  readonly state: 'closed' | 'open' | 'half-open';
  /**
   * Runs unless open. An UpstreamFailure counts; a NoVerdict neither counts nor ends a row of failures.
   * @throws what `run` throws; `undefined` when the circuit is open.
   */
  execute<T>(run: () => Promise<T>): Promise<T | undefined>;
}

/** Five failures in a row open it; it tries again after half a second, then ever later, at most every 10 s. */
export function upstreamBreaker(onChange: (state: Breaker['state']) => void): Breaker {
  const growing = new ExponentialBackoff({ initialDelay: 500, maxDelay: 10_000 });
  const halfOpenAfter: Waits = { next: () => sameAfterFruitless(growing.next()) };
  const policy = circuitBreaker(
    handleType(
      UpstreamFailure,
      (failure) => failure.kind !== 'unreadable' && !isUnasked(failure),
    ).orType(FruitlessTry),
    { breaker: new ConsecutiveBreaker(5), halfOpenAfter },
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
    async execute<T>(run: () => Promise<T>): Promise<T | undefined> {
      const tried = async (): Promise<T> => {
        try {
          return await run();
        } catch (error) {
          const fruitless =
            error instanceof NoVerdict || (error instanceof UpstreamFailure && isUnasked(error));
          throw fruitless ? new FruitlessTry(error.message, { cause: error }) : error;
        }
      };
      try {
        return await policy.execute(policy.state === CircuitState.Closed ? run : tried);
      } catch (error) {
        if (isBrokenCircuitError(error)) return undefined;
        throw error instanceof FruitlessTry ? error.cause : error;
      }
    },
  };
}
