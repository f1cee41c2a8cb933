import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@strangler-toolkit/dev-stack';

/** A state folder with the flags an Unleash once had, and the address of an Unleash that is gone. */
export async function lastKnownFlags(rollouts: Readonly<Record<string, number>>, name = 'facade') {
  const stateDir = await mkdtemp(join(tmpdir(), 'facade-'));
  const features = Object.entries(rollouts).map(([flag, rollout]) => ({
    name: flag,
    type: 'release',
    enabled: rollout > 0,
    stale: false,
    project: 'default',
    variants: [],
    impressionData: false,
    strategies: [
      {
        name: 'flexibleRollout',
        parameters: {
          rollout: String(rollout),
          groupId: flag.split('.')[0],
          // as flags were made that are still about: off for a request without userId
          stickiness: 'userId',
        },
      },
    ],
  }));
  await writeFile(join(stateDir, `flags-${name}.json`), JSON.stringify({ version: 2, features }));
  return {
    stateDir,
    name,
    unleash: { url: `http://127.0.0.1:${await freePort()}/api`, token: 'gone' },
  };
}
