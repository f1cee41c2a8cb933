import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { Direction } from '@strangler-toolkit/plan';
import { cutover, type MoveOptions, type MoveResult, rollback } from '../../src/cutover/index.ts';
import { withConnection } from '../../src/database/connect.ts';
import { applying } from '../../src/replica/fences.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { readIdentity } from '../../src/identity/read-identity.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { readIdentityRow } from '../../src/replica/identities.ts';
import { definition } from '../cutover-context.ts';
import { consistentState, oneOwner, openScene, type Scene, settled } from '../cutover-scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('identity_move');
  await scene.sql.monolith.query('ALTER TABLE products SET (autovacuum_enabled = false)');
  await tooLarge();
});
afterAll(async () => {
  await scene?.close();
});

const identity = (direction: Direction): Promise<Identity> =>
  withConnection(scene.databases.monolith.url, { applicationName: 'test' }, (monolith) =>
    withConnection(scene.databases.service.url, { applicationName: 'test' }, async (service) =>
      readIdentity({
        monolith,
        service,
        mapping: await loadMapping(definition, monolith, service),
        direction,
        publication: `strangler_shop_${direction}`,
      }),
    ),
  );
/** To be compared while writes wait, as far as anybody can tell; a rewrite tells otherwise. */
const tooLarge = (): Promise<unknown> =>
  scene.sql.monolith.query(`UPDATE pg_class SET reltuples = 1e9 WHERE relname = 'products'`);
beforeEach(tooLarge);
/** As strangler verify records it. */
const verified = async (direction: Direction = 'forward'): Promise<void> =>
  scene.control.evidence.record({
    context: 'shop',
    kind: 'verification',
    epoch: (await scene.control.contexts.require('shop')).epoch,
    ok: true,
    detail: { differences: 0, identity: await identity(direction) },
  });
const move = (options: Partial<MoveOptions> = {}): Promise<MoveResult> =>
  cutover({ ...scene.options, noFacade: true, ...options });

test('evidence of an older release, which does not say what it is about, is no proof', async () => {
  await scene.control.evidence.record({
    context: 'shop',
    kind: 'verification',
    epoch: 1,
    ok: true,
    detail: { differences: 0 },
  });
  const result = await move();
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'GATE_REFUSED' } });
  expect(result.error?.message).toContain('void since: it does not say what it was about');
  expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
});

test('a table that was stored anew makes a clean verification void, and stops no stream', async () => {
  await settled(scene);
  await verified();
  await scene.sql.monolith.query('VACUUM FULL tags');
  const result = await move();
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'GATE_REFUSED' } });
  expect(result.error?.message).toContain(
    'void since: table public.tags of the monolith was stored anew',
  );
  expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
});

test('a rewrite behind the fence, seconds after a clean verification, abandons the move and is mended', async () => {
  await settled(scene);
  await verified();
  const result = await move({
    async onStep({ step, moment }) {
      if (step === 'catch-up' && moment === 'done')
        await scene.sql.monolith.query(
          'ALTER TABLE products ALTER COLUMN sku TYPE varchar(50) USING upper(sku)',
        );
    },
  });
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'IDENTITY_CHANGED' } });
  expect(result.error?.message).toContain(
    'column sku of table public.products of the monolith was rewritten',
  );
  // the worker reads it again: equal, and still one owner
  expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
  expect(await scene.rows('service')).toContain('SEED-7');
  await settled(scene);
});

/** As a restore script does it: nothing is left but the row. */
const stepRound = (side: 'monolith' | 'service', table: string, write: string): Promise<unknown> =>
  scene.sql[side].query(
    `ALTER TABLE ${table} DISABLE TRIGGER ALL; ${write}; ALTER TABLE ${table} ENABLE TRIGGER ALL`,
  );
const mend = (side: 'monolith' | 'service', write: string): Promise<unknown> =>
  scene.sql[side].query(`${applying()}; ${write}; RESET session_replication_role`);

test('who opened and closed the fence after a clean verification keeps the owner where it is, until all is verified again', async () => {
  await settled(scene);
  await verified();
  await stepRound('service', 'labels', `INSERT INTO labels VALUES (77, 'stray')`);
  for (const result of [await move({ dryRun: true }), await move()]) {
    expect(result.error?.code).toBe('GATE_REFUSED');
    expect(result.error?.message).toContain(
      'void since: the fence of public.labels was switched off and on, or altered on the service',
    );
  }
  await mend('service', 'DELETE FROM labels WHERE id = 77');
  await verified();
  expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
});

test('with everything as it was verified the move goes through, and the way back begins with what was there', async () => {
  await settled(scene);
  await verified();
  expect(await move()).toMatchObject({ outcome: 'done', owner: 'service', epoch: 2 });
  const known = await readIdentityRow<Identity>(scene.sql.monolith, {
    context: 'shop',
    direction: 'reverse',
  });
  expect(known).toMatchObject({
    epoch: 2,
    identity: { direction: 'reverse', publication: { name: 'strangler_shop_reverse' } },
  });
  await settled(scene);
  expect(await consistentState(scene)).toEqual(oneOwner('service'));
});

test('who opened and closed the fence of the way back keeps the service its owner', async () => {
  await verified('reverse');
  await stepRound('monolith', 'tags', `INSERT INTO tags VALUES (77, 'stray')`);
  const result = await rollback({ ...scene.options, noFacade: true });
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'GATE_REFUSED' } });
  expect(result.error?.message).toContain('the fence of public.tags was switched off and on');
  await mend('monolith', 'DELETE FROM tags WHERE id = 77');
  expect(await consistentState(scene)).toEqual(oneOwner('service'));
  await settled(scene);
});

test('an exchange on the way back refuses the rollback at once, whether or not the worker has looked', async () => {
  scene.worker()?.kill('SIGSTOP');
  await scene.sql.service.query(`BEGIN; CREATE TABLE other (LIKE labels INCLUDING ALL);
    INSERT INTO other SELECT * FROM labels; ALTER TABLE labels RENAME TO former; ALTER TABLE other RENAME TO labels; COMMIT`);
  const result = await rollback({ ...scene.options, noFacade: true });
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'IDENTITY_CHANGED' } });
  expect(result.error?.message).toContain('table public.labels of the service was exchanged');
  scene.worker()?.kill('SIGCONT');
  await until('the worker ends by itself', async () => scene.worker()?.exitCode !== null);
  expect(scene.log.join('')).toContain('IDENTITY_CHANGED');
  expect(await scene.owner()).toBe('service');
});
