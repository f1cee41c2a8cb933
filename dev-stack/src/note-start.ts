import { appendFileSync } from 'node:fs';

/** For the table of what suites cost: which suite started what. Inherited by everything that a suite starts. */
export function noteStart(started: string): void {
  const { TEST_TIMES: file, TEST_SUITE: suite } = process.env;
  if (file && suite) appendFileSync(file, `${JSON.stringify({ suite, started })}\n`);
}
