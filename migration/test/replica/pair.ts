import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type { MigrationDefinition, TableMapping } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { prepareApplySession } from '../../src/apply/apply-session.ts';
import { createApplier } from '../../src/apply/applier.ts';
import { openStreamRow } from '../../src/replica/streams.ts';
import {
  initialCopy,
  type InitialCopyOptions,
  type InitialCopyResult,
  mappedFiles,
} from '../../src/copy/index.ts';
import { connect } from '../../src/database/connect.ts';
import { parseTableName } from '../../src/database/identifiers.ts';
import { lsnFromText } from '../../src/database/lsn.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import type { Lsn } from '../../src/stream/change-event.ts';
import {
  createSlotWithSnapshot,
  ensurePublication,
  openEmbeddedStream,
  replicationNames,
} from '../../src/stream/index.ts';

export interface Pair {
  readonly monolith: { readonly url: string; readonly client: pg.Client };
  readonly service: { readonly url: string; readonly client: pg.Client };
  readonly definition: MigrationDefinition;
  readonly mapping: CompiledMapping;
  copy(
    options?: Partial<InitialCopyOptions> & { afterSnapshot?: () => Promise<unknown> },
  ): Promise<InitialCopyResult>;
  /** Streams in the background; stands still for `lagMs` again and again. */
  replicate(lagMs: number): Promise<void>;
  appliedPosition(): Promise<Lsn>;
  close(): Promise<void>;
}

/** Two databases with tables and a mapping between them. */
export async function testPair(
  label: string,
  monolithDdl: string,
  serviceDdl: string,
  tables: readonly TableMapping[],
  foreignKeys: NonNullable<MigrationDefinition['foreignKeys']> = {},
): Promise<Pair> {
  const databases: TestDatabase[] = [
    await createTestDatabase(`${label}_m`),
    await createTestDatabase(`${label}_s`),
  ];
  const [left, right] = [databases[0]!, databases[1]!];
  const monolith = { url: left.url, client: await connect(left.url, { applicationName: 'test' }) };
  const service = { url: right.url, client: await connect(right.url, { applicationName: 'test' }) };
  await monolith.client.query(monolithDdl);
  await service.client.query(serviceDdl);
  await installReplicaSchema(service.client);
  const definition: MigrationDefinition = {
    context: 'shop',
    data: 'replicated',
    monolith: { url: '' },
    service: { url: '' },
    routes: [],
    tables,
    foreignKeys,
  };
  const mapping = await loadMapping(definition, monolith.client, service.client);
  const { slot, publication, origin } = replicationNames('shop', 'forward', left.name);
  await ensurePublication(
    monolith.client,
    publication,
    tables.map((table) => parseTableName(table.monolith)),
  );
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  return {
    monolith,
    service,
    definition,
    mapping,
    async copy({ afterSnapshot, ...options } = {}) {
      await monolith.client.query(
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
        [slot],
      );
      const filesBefore = await mappedFiles(monolith.client, mapping);
      const snapshot = await createSlotWithSnapshot(monolith.url, slot);
      try {
        await afterSnapshot?.();
        const result = await initialCopy({
          mapping,
          monolithUrl: monolith.url,
          serviceUrl: service.url,
          snapshot: snapshot.snapshot,
          filesBefore,
          parallel: 2,
          ...options,
        });
        await openStreamRow(
          service.client,
          { context: 'shop', direction: 'forward' },
          { epoch: 1n, position: snapshot.position },
        );
        return result;
      } finally {
        await snapshot.close();
      }
    },
    async replicate(lagMs) {
      const client = await connect(service.url, { applicationName: 'test-applier' });
      await prepareApplySession(client, origin);
      const applier = createApplier({
        client,
        mapping,
        context: 'shop',
        direction: 'forward',
        epoch: 1n,
      });
      const stream = await openEmbeddedStream({
        url: monolith.url,
        context: 'shop',
        direction: 'forward',
        from: await applier.position(),
        signal: stop.signal,
      });
      const nudge = setInterval(() => stream.probe(), 20);
      running = (async () => {
        try {
          let rested = performance.now();
          for await (const message of stream) {
            if (lagMs > 0 && performance.now() - rested > lagMs) {
              await new Promise((resolve) => setTimeout(resolve, lagMs));
              rested = performance.now();
            }
            const applied = await applier.apply([message]);
            if (applied) stream.acknowledge(applied.position);
          }
        } finally {
          clearInterval(nudge);
          await stream.close();
          await client.end();
        }
      })();
      running.catch(() => {});
    },
    async appliedPosition() {
      const { rows } = await service.client.query(
        `SELECT position FROM strangler.streams WHERE context = 'shop' AND direction = 'forward'`,
      );
      return lsnFromText(rows[0].position);
    },
    async close() {
      stop.abort();
      await running;
      await monolith.client.end();
      await service.client.end();
      for (const database of databases) await database.drop();
    },
  };
}
