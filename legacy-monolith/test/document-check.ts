import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

type Json = Record<string, unknown>;
export interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          { readonly responses: Readonly<Record<string, { readonly content?: Json }>> }
        >
      >
    >
  >;
}

/** Holds answers against the OpenAPI document that the server itself hands out. */
export function documentCheck(document: Document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'shop');
  const patterns = Object.keys(document.paths)
    .map((path) => ({
      path,
      pattern: new RegExp(`^${path.replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
    }))
    .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length);
  const exercised = new Set<string>();

  return {
    exercised,
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    ),
    /** Throws when the document does not tell this answer. */
    check(
      method: string,
      url: string,
      status: number,
      contentType: string | null,
      body: unknown,
    ): void {
      const path = new URL(url, 'http://shop').pathname;
      const known = patterns.find(
        ({ path: candidate, pattern }) =>
          pattern.test(path) && document.paths[candidate]?.[method.toLowerCase()],
      );
      const where = `${method} ${path} → ${status}`;
      if (!known) throw new Error(`${where}: the document does not know this operation`);
      const response = document.paths[known.path]?.[method.toLowerCase()]?.responses[status];
      if (!response) throw new Error(`${where}: the document does not know this status`);
      exercised.add(`${method} ${known.path}`);
      const media = contentType?.split(';')[0] ?? null;
      if (!response.content) {
        if (body !== '' && status !== 303)
          throw new Error(`${where}: the document promises an empty answer`);
        return;
      }
      if (media === null || !(media in response.content))
        throw new Error(`${where}: the document does not know ${media}`);
      if (media !== 'application/json') return;
      const escaped = known.path
        .replace(/~/g, '~0')
        .replace(/\//g, '~1')
        .replace(/[{}]/g, encodeURIComponent);
      const validate = ajv.compile({
        $ref: `shop#/paths/${escaped}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`,
      });
      if (!validate(body))
        throw new Error(
          `${where}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body).slice(0, 500)}`,
        );
    },
  };
}
