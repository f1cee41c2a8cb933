import { test } from '@jest/globals';
import { movesOutBackAndOutAgain } from './demo-runs.ts';

test('npm run demo moves the catalog out, back and out again; nothing failed, was lost, doubled, stale or different; nothing is left', () =>
  movesOutBackAndOutAgain());
