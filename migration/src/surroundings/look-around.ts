import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { loadMapping } from '../mapping/load.ts';
import { foreignKeySurroundings } from './foreign-key-questions.ts';
import { idQuestions } from './id-questions.ts';
import { sequenceUses } from './sequence-uses.ts';
import type { Surrounding } from './surrounding.ts';
import { readTriggers, triggerSurroundings } from './triggers.ts';

/** Everything around a context's mapped rows that wants a decision, decided or not. Reads catalogs only. */
export async function lookAround(
  definition: MigrationDefinition,
  monolith: pg.Client,
  service: pg.Client,
): Promise<Surrounding[]> {
  const mapping = await loadMapping(definition, monolith, service);
  const uses = {
    monolith: await sequenceUses(monolith),
    service: await sequenceUses(service),
  };
  const triggers = [
    ...(await readTriggers(
      monolith,
      'monolith',
      mapping.tables.map((table) => table.monolith),
    )),
    ...(await readTriggers(
      service,
      'service',
      mapping.tables.flatMap((table) => table.parts.map((part) => part.service)),
    )),
  ];
  return [
    ...idQuestions(mapping, uses),
    ...foreignKeySurroundings(mapping.crossing, definition),
    ...triggerSurroundings(triggers, definition),
  ];
}
