import type { OpenapiResult } from '../../steps/contracts/openapi.ts';

/** By kind, each with its route: whoever mends one kind mends them all. */
export function openapiText({ context, compared, breaking }: OpenapiResult): string {
  const kinds = [...new Set(breaking.map(({ kind }) => kind))].sort();
  const lines = kinds.flatMap((kind) => {
    const those = breaking.filter((each) => each.kind === kind);
    return [
      `${kind} (${those.length})`,
      ...those.map(({ route, detail }) => `  ${route}  ${detail}`),
    ];
  });
  const verdict =
    breaking.length === 0
      ? `${context}: the documents agree on ${compared.length} routes`
      : `${context}: ${breaking.length} breaking differences, ${compared.length} routes compared`;
  return [...lines, verdict].join('\n');
}
