const rounded = (value: number): number => Math.round(value * 1000) / 1000;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return rounded(
    sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2,
  );
}

export const spread = (values: readonly number[]): readonly [number, number] => [
  rounded(Math.min(...values)),
  rounded(Math.max(...values)),
];
