import { bothSides } from '@strangler-toolkit/plan';
import type { OpenapiResult } from '../../steps/contracts/openapi.ts';

/** By kind, each with its route: whoever mends one kind mends them all. */
export function openapiText({ context, compared, breaking, pacts }: OpenapiResult): string {
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
  const held = bothSides.flatMap((side) => {
    const those = pacts?.[side] ?? [];
    const broken = those.filter(({ differences }) => differences.length > 0);
    return [
      ...broken.flatMap(({ consumer, description, differences }) => [
        `${consumer}: ${description}: not in the document of the ${side}`,
        ...differences.map((difference) => `  ${difference}`),
      ]),
      ...those.flatMap(({ consumer, description, passedOver }) =>
        passedOver.map((said) => `${consumer}: ${description}: ${side}: ${said}`),
      ),
      ...(pacts
        ? [
            `${side}: ${those.length - broken.length} of ${those.length} interactions are in its document`,
          ]
        : []),
    ];
  });
  return [...lines, ...held, verdict].join('\n');
}
