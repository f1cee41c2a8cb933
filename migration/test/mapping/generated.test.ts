import { test } from '@jest/globals';
import fc from 'fast-check';
import { expectGenerated, generated } from './generated.ts';

test('whatever tables, mappings and changes: both sides are the same after copy, stream, cutover, the way back and rollback', async () => {
  await fc.assert(
    fc.asyncProperty(generated, (one) => expectGenerated(one)),
    { numRuns: 2, endOnFailure: true },
  );
});
