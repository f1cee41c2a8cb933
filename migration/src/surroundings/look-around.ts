import { bothSides, type MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { examineMapping } from '../mapping/examine-mapping.ts';
import { namedTables } from '../mapping/load.ts';
import { parseTableName } from '../database/identifiers.ts';
import { constraintSurroundings } from './constraint-questions.ts';
import { readConstraints } from './constraints.ts';
import { fileSurroundings, readFilePaths } from './file-paths.ts';
import { foreignKeySurroundings } from './foreign-key-questions.ts';
import { idQuestions } from './id-questions.ts';
import { sequenceUses } from './sequence-uses.ts';
import { sortingSurroundings } from './sorting.ts';
import { readSubscriptions, subscriptionSurroundings } from './subscriptions.ts';
import type { Surrounding } from './surrounding.ts';
import { readTriggers, triggerSurroundings } from './triggers.ts';
import { valueSurroundings } from './value-sets.ts';

/**
 * Everything around a context's mapped rows that wants a decision, decided or not. Reads the catalogs, and some rows of the
 * monolith where values alone tell. What the mapping itself has wrong is told elsewhere, and hides nothing here.
 */
export async function lookAround(
  definition: MigrationDefinition,
  monolith: pg.Client,
  service: pg.Client,
  neighbours: readonly MigrationDefinition[] = [],
): Promise<Surrounding[]> {
  const { mapping } = await examineMapping(definition, monolith, service);
  const named = namedTables(definition);
  const uses = {
    monolith: await sequenceUses(monolith),
    service: await sequenceUses(service),
  };
  const oneWay = definition.data === 'reference';
  const tables = {
    monolith: named.monolith.map(({ name }) => parseTableName(name)),
    service: named.service.map(({ name }) => parseTableName(name)),
  };
  const triggers = [
    ...(oneWay ? [] : await readTriggers(monolith, 'monolith', tables.monolith)),
    ...(await readTriggers(service, 'service', tables.service)),
  ];
  const constraints = [
    ...(await readConstraints(monolith, 'monolith', tables.monolith)),
    ...(await readConstraints(service, 'service', tables.service)),
  ];
  return [
    // nobody makes rows of a reference in the service
    ...(oneWay ? [] : idQuestions(mapping, uses)),
    ...foreignKeySurroundings(mapping.crossing, definition, neighbours),
    ...triggerSurroundings(triggers, definition),
    ...(
      await Promise.all(
        // what others write to the monolith's rows of a reference is carried as well
        (oneWay ? (['service'] as const) : bothSides).map(async (side) =>
          subscriptionSurroundings(
            await readSubscriptions({ monolith, service }[side], side, definition),
            definition,
            side,
          ),
        ),
      )
    ).flat(),
    ...valueSurroundings(mapping, definition),
    ...constraintSurroundings(constraints, mapping, definition),
    ...sortingSurroundings(mapping, definition),
    ...fileSurroundings(await readFilePaths(mapping, definition, monolith), mapping, definition),
  ];
}
