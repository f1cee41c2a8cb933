import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { idQuestions } from './id-questions.ts';
import type { OpenQuestion } from './open-question.ts';
import { sequenceUses } from './sequence-uses.ts';

/** Everything around the mapped rows that nobody has decided yet. Reads catalogs only. */
export async function lookAround(
  mapping: CompiledMapping,
  monolith: pg.Client,
  service: pg.Client,
): Promise<OpenQuestion[]> {
  const uses = {
    monolith: await sequenceUses(monolith),
    service: await sequenceUses(service),
  };
  return idQuestions(mapping, uses);
}
