import { type Pair, pairOf } from '../figures.ts';
import type { Site } from '../site.ts';
import { measurePace } from '../pace.ts';
import { until } from '../until.ts';
import { startWorker } from '../worker.ts';
import { type Kind, kinds, makeChanges, settle } from '../workload.ts';
import { openJdbcSink } from './jdbc-sink.ts';
import type { KafkaStack } from './stack.ts';

/**
 * Changes per second of what waits in Kafka, through our worker and through the JDBC sink. Both connectors have
 * nothing left to send by then.
 */
export async function benchKafkaApply(
  site: Site,
  stack: KafkaStack,
  { rounds, rows }: { rounds: number; rows: number },
): Promise<Record<Kind, Pair>> {
  await site.service.query(
    `INSERT INTO sink.items SELECT * FROM ours.items; INSERT INTO sink.lines SELECT *
      FROM ours.lines; INSERT INTO sink.pulses SELECT * FROM ours.pulses`,
  );
  const sink = await openJdbcSink(site, stack);
  const look = await site.open('service');
  const measured: Record<Kind, { ours: number; other: number }[]> = {
    inserts: [],
    updates: [],
    mixed: [],
  };
  // Round 0 is not counted: Connect's JVM compiles what it runs often, and runs it for months.
  for (let round = 0; round <= rounds; round += 1) {
    for (const kind of kinds) {
      const work = await makeChanges(site, kind, rows);
      await sink.waitFor(work.changes);
      await ourConnectorHasSent(site);
      const one = { ours: 0, other: 0 };
      const turns = [
        async () => {
          const worker = await startWorker(site);
          one.ours = await measurePace({
            site,
            look,
            schema: 'ours',
            workload: work,
            assertAlive: worker.assertAlive,
          });
          await worker.stop();
        },
        async () => {
          await sink.resume();
          one.other = await measurePace({
            site,
            look,
            schema: 'sink',
            workload: work,
            assertAlive: sink.assertRunning,
          });
          await sink.pause();
        },
      ];
      for (const turn of round % 2 === 0 ? turns.reverse() : turns) {
        await settle(site.service);
        await turn();
      }
      await settle(site.monolith);
      if (round > 0) measured[kind].push(one);
      site.tell(
        `from Kafka, ${kind} ${round === 0 ? 'warming up' : `${round}/${rounds}`}: ` +
          `ours ${Math.round(one.ours)}, JDBC sink ${Math.round(one.other)} rows/s`,
      );
    }
  }
  return {
    inserts: pairOf(measured.inserts),
    updates: pairOf(measured.updates),
    mixed: pairOf(measured.mixed),
  };
}

/** A connector confirms to its slot what Kafka has. */
async function ourConnectorHasSent(site: Site): Promise<void> {
  const {
    rows: [end],
  } = await site.monolith.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  await until(
    'our connector has sent all',
    site.signal,
    async () => {
      const {
        rows: [slot],
      } = await site.monolith.query<{ sent: boolean }>(
        `SELECT bool_and(confirmed_flush_lsn >= $1) AS sent FROM pg_replication_slots WHERE slot_name LIKE 'strangler%'`,
        [end?.lsn],
      );
      return slot?.sent === true;
    },
    { everyMs: 200 },
  );
}
