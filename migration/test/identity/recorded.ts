import type { Direction } from '@strangler-toolkit/plan';
import { withConnection } from '../../src/database/connect.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { carrierPlace } from '../../src/identity/read-carrier.ts';
import { readIdentity } from '../../src/identity/read-identity.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { replicationNames } from '../../src/stream/index.ts';
import { definition } from '../cutover-context.ts';
import type { Scene } from '../cutover-scene.ts';

const identity = ({ databases, options }: Scene, direction: Direction): Promise<Identity> =>
  withConnection(databases.monolith.url, { applicationName: 'test' }, (monolith) =>
    withConnection(databases.service.url, { applicationName: 'test' }, async (service) => {
      const source = direction === 'forward' ? databases.monolith : databases.service;
      const names = replicationNames('shop', direction, source.name);
      return readIdentity({
        monolith,
        service,
        mapping: await loadMapping(definition, monolith, service),
        direction,
        publication: names.publication,
        carrier: carrierPlace(options.transport.carrier, names),
      });
    }),
  );

/** As strangler verify records it. */
export const recordVerified = async (
  scene: Scene,
  direction: Direction = 'forward',
): Promise<void> =>
  scene.control.evidence.record({
    context: 'shop',
    kind: 'verification',
    epoch: (await scene.control.contexts.require('shop')).epoch,
    ok: true,
    detail: { differences: 0, identity: await identity(scene, direction) },
  });

/** To be compared while writes wait, as far as anybody can tell; a rewrite tells otherwise. */
export const tooLarge = (scene: Scene, rows = 1e9): Promise<unknown> =>
  scene.sql.monolith.query(
    `UPDATE pg_class SET reltuples = ${rows} WHERE oid = 'products'::regclass`,
  );
