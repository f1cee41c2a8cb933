import { isOneWay, type MigrationDefinition } from '@strangler-toolkit/plan';
import { lookAround, type Surrounding } from '../surroundings/index.ts';
import { togetherSurroundings } from '../surroundings/written-together.ts';
import { lookAtBoth } from './look-at-both.ts';
import type { Toolkit } from './toolkit.ts';

/** What lies around the mapped rows: by the catalogs of both sides, and by what the monolith's log told. */
export async function surroundingsOf(
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<Surrounding[]> {
  const neighbours = await kit.neighbours(definition);
  const around = await lookAtBoth(kit, definition, (monolith, service) =>
    lookAround(definition, monolith, service, neighbours),
  );
  return [...around, ...(await togetherOf(kit, definition))];
}

async function togetherOf(kit: Toolkit, definition: MigrationDefinition): Promise<Surrounding[]> {
  if (!kit.hasControl || isOneWay(definition.data)) return [];
  const { together } = await kit.control();
  const seen = await together.seen(definition.context, 'monolith');
  return togetherSurroundings(seen, definition, 'monolith');
}
