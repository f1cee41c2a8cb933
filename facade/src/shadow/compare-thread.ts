import { parentPort } from 'node:worker_threads';
import { compareAnswers } from './compare.ts';
import type { Observed, Rules } from './difference.ts';

/** What a thread is given: buffers arrive as plain arrays of bytes. */
export interface Comparable {
  readonly reference: Observed;
  readonly candidate: Observed;
  readonly rules: Rules | undefined;
}

const withBuffer = (observed: Observed): Observed => {
  const { buffer, byteOffset, byteLength } = observed.body;
  return { ...observed, body: Buffer.from(buffer, byteOffset, byteLength) };
};

parentPort?.on('message', ({ reference, candidate, rules }: Comparable) => {
  parentPort?.postMessage(compareAnswers(withBuffer(reference), withBuffer(candidate), rules));
});
parentPort?.postMessage('ready');
