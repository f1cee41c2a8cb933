import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { cutover, type MoveOptions, type MoveResult, rollback } from '../../src/cutover/index.ts';
import { withConnection } from '../../src/database/connect.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { readIdentity } from '../../src/identity/read-identity.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { readIdentityRow } from '../../src/replica/identities.ts';
import { definition } from '../cutover-context.ts';
import { consistentState, oneOwner, openScene, type Scene, settled } from '../cutover-scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('identity_move');
  // Too many rows, as far as anybody can tell, to be compared while writes wait.
  await scene.sql.monolith.query(
    `ALTER TABLE products SET (autovacuum_enabled = false); UPDATE pg_class SET reltuples = 1e9 WHERE relname = 'products'`,
  );
});
afterAll(async () => {
  await scene?.close();
});

const identity = (): Promise<Identity> =>
  withConnection(scene.databases.monolith.url, { applicationName: 'test' }, (monolith) =>
    withConnection(scene.databases.service.url, { applicationName: 'test' }, async (service) =>
      readIdentity({
        monolith,
        service,
        mapping: await loadMapping(definition, monolith, service),
        direction: 'forward',
        publication: 'strangler_shop_forward',
      }),
    ),
  );
/** As strangler verify records it. */
const verified = async (): Promise<void> =>
  scene.control.evidence.record({
    context: 'shop',
    kind: 'verification',
    epoch: (await scene.control.contexts.require('shop')).epoch,
    ok: true,
    detail: { differences: 0, identity: await identity() },
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
