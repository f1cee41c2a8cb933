import { pause } from '../pause.ts';
import { askHealth, type PartHealth } from './health.ts';

const everyMs = 500;

/**
 * Asks each part again and again, from when it has said where. Tells each change, and once that all are well.
 * `operators`: by name of a part, where it answers.
 */
export async function watchHealth(
  names: readonly string[],
  operators: ReadonlyMap<string, string>,
  {
    signal,
    onChange,
    onAllWell,
  }: {
    readonly signal: AbortSignal;
    readonly onChange: (name: string, health: PartHealth) => void;
    readonly onAllWell: () => void;
  },
): Promise<void> {
  const known = new Map<string, PartHealth>();
  let told = false;
  while (!signal.aborted) {
    await Promise.all(
      names.map(async (name) => {
        const place = operators.get(name);
        if (place === undefined) return;
        const health = await askHealth(place);
        if (signal.aborted || known.get(name)?.text === health.text) return;
        known.set(name, health);
        onChange(name, health);
      }),
    );
    if (!told && names.every((name) => known.get(name)?.ok === true)) {
      told = true;
      onAllWell();
    }
    await pause(everyMs, signal);
  }
}
