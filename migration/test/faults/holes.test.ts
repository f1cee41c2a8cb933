import { afterAll, beforeAll } from '@jest/globals';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { outages } from './outages.ts';
import { whileItRuns } from './running.ts';
import { type Servers, startServers } from './servers.ts';

describeWithKafka(
  'nothing goes on behind a hole, and nobody needs to mend what mends itself',
  () => {
    let servers: Servers;
    beforeAll(async () => {
      servers = await startServers();
    });
    afterAll(async () => servers?.stop());

    outages(() => servers);
    whileItRuns(() => servers);
  },
  { ownServers: true },
);
