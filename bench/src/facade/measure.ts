import autocannon from 'autocannon';
import type { Cell } from './cells.ts';
import { processUse } from './process-time.ts';

export interface Measured {
  readonly requestsPerSecond: number;
  /** Processor time of the server per request, microseconds. */
  readonly cpuMicros: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly memoryMb: number;
}

// a hundred people, so that percentages of them mean something
const people = Array.from({ length: 100 }, (_, index) => ({
  headers: { authorization: `user-${index}` },
}));

/** Until the compiler has seen everything: a server that is still compiling takes twice as much per request. */
export async function warm({ server, target }: Cell): Promise<void> {
  await autocannon({
    url: server.url + target,
    connections: 64,
    amount: 30_000,
    requests: people,
  });
}

/** Small JSON over 64 connections. @throws when a request failed: then it is no measurement */
export async function measure(
  { server, target }: Cell,
  seconds: number,
  signal: AbortSignal,
): Promise<Measured> {
  signal.throwIfAborted();
  const before = await processUse(server.pid);
  const result = await autocannon({
    url: server.url + target,
    connections: 64,
    duration: seconds,
    requests: people,
  });
  const after = await processUse(server.pid);
  if (result.errors > 0 || result.non2xx > 0)
    throw new Error(`${target}: ${result.errors} errors, ${result.non2xx} refused`);
  return {
    requestsPerSecond: result.requests.average,
    cpuMicros: ((after.seconds - before.seconds) * 1e6) / result.requests.total,
    p50: result.latency.p50,
    p99: result.latency.p99,
    memoryMb: after.bytes / 1_048_576,
  };
}
