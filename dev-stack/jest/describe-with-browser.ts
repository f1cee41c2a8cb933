import { describe } from '@jest/globals';
import { chromiumPath } from '../src/browser.ts';

/** A suite that needs a Chromium. Without one it is not run, which is said; where all must be run (CI) it fails. */
export function describeWithBrowser(name: string, suite: () => void): void {
  const runs = chromiumPath() !== undefined || Boolean(process.env.CI);
  if (!runs)
    process.stderr.write(
      `NOT RUN: ${name}. No Chromium was found here (Debian: apt-get install chromium; CHROMIUM names another).\n`,
    );
  const block = runs ? describe : describe.skip;
  block(name, suite);
}
