import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { Direction } from '@strangler-toolkit/plan';
import { cutover, type MoveOptions, type MoveResult, rollback } from '../../src/cutover/index.ts';
import type { StepMoment } from '../../src/cutover/move-state.ts';
import { connect } from '../../src/database/connect.ts';
import { dropSlot } from '../../src/stream/index.ts';
import { applying } from '../../src/replica/fences.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { readIdentityRow } from '../../src/replica/identities.ts';
import { consistentState, oneOwner, openScene, type Scene, settled } from '../cutover-scene.ts';
import { recordVerified, tooLarge } from './recorded.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('identity_move');
  await scene.sql.monolith.query('ALTER TABLE products SET (autovacuum_enabled = false)');
  await tooLarge(scene);
});
afterAll(async () => {
  await scene?.close();
});

beforeEach(() => tooLarge(scene));
const verified = (direction?: Direction): Promise<void> => recordVerified(scene, direction);
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

/** A subscription that waits for its hour, to a table that is called alike in the control database. */
async function subscription(side: 'monolith' | 'service', table: string): Promise<AsyncDisposable> {
  const name = `feeding_${scene.databases[side].name}`;
  const { url } = scene.databases.control;
  const control = await connect(url, { applicationName: 'test' });
  await control.query(`CREATE TABLE IF NOT EXISTS ${table} (id bigint PRIMARY KEY, name text)`);
  await control.query(`CREATE PUBLICATION ${name} FOR TABLE ${table}`);
  await control.query(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`);
  await scene.sql[side].query(
    `CREATE SUBSCRIPTION feeding CONNECTION '${url}' PUBLICATION ${name}
       WITH (create_slot = false, slot_name = '${name}', copy_data = false, enabled = false)`,
  );
  return {
    async [Symbol.asyncDispose]() {
      await scene.sql[side].query('ALTER SUBSCRIPTION feeding DISABLE');
      await scene.sql[side].query('ALTER SUBSCRIPTION feeding SET (slot_name = NONE)');
      await scene.sql[side].query('DROP SUBSCRIPTION feeding');
      await dropSlot(control, name, { timeoutMs: 30_000 });
      await control.query(`DROP PUBLICATION ${name}`);
      await control.end();
    },
  };
}
const began = (side: 'monolith' | 'service') => ({
  noFacade: true,
  async onStep({ step, moment }: StepMoment) {
    if (step === 'verify' && moment === 'done')
      await scene.sql[side].query('ALTER SUBSCRIPTION feeding ENABLE');
  },
});

test('a subscription that begins to write to the new owner behind the fence keeps the owner where it is', async () => {
  await settled(scene);
  await verified();
  await using _feeding = await subscription('service', 'labels');
  const result = await move(began('service'));
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'GATE_REFUSED' } });
  expect(result.error?.message).toContain(
    'subscription feeding writes public.labels of the service',
  );
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

test('a subscription that begins to write on the way back keeps the service its owner', async () => {
  await verified('reverse');
  await using _feeding = await subscription('monolith', 'tags');
  const result = await rollback({ ...scene.options, ...began('monolith') });
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'GATE_REFUSED' } });
  expect(result.error?.message).toContain(
    'subscription feeding writes public.tags of the monolith',
  );
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
