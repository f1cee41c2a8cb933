import type { MigrationDefinition } from '../../src/migration.ts';
import { validateDefinition, validateTogether } from '../../src/validate.ts';

const refusalOf = (work: () => unknown): string => {
  try {
    work();
    return 'valid';
  } catch (error) {
    return (error as Error).message;
  }
};

/** 'valid', or why the file of a context is refused. */
export const alone = (definition: MigrationDefinition, file: string): string =>
  refusalOf(() => validateDefinition(definition, file));

/** 'valid', or why these files are refused beside each other. */
export const together = (...definitions: MigrationDefinition[]): string =>
  refusalOf(() =>
    validateTogether(
      definitions.map((definition) => ({ definition, file: `${definition.context}.ts` })),
    ),
  );
