import { test } from '@jest/globals';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { movesOutBackAndOutAgain } from './demo-runs.ts';

describeWithKafka(
  'npm run demo -- --transport kafka',
  () => {
    test(
      'does the same with Kafka and Debezium between the databases, as cleanly',
      () => movesOutBackAndOutAgain('--transport', 'kafka'),
      900_000,
    );
  },
  { ownServers: true },
);
