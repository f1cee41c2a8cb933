import { temporaryFolder } from '@strangler-toolkit/dev-stack';
import { openScene } from './cells.ts';
import { type FacadeFigures, figuresOf, type Round } from './figures.ts';
import { measure, type Measured, warm } from './measure.ts';

export interface FacadeBenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Names of cells; bare is always among them. Empty: all. */
  readonly only: readonly string[];
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What the facade costs, beside what one would use instead, in turn in one run. */
export async function benchFacade(options: FacadeBenchOptions): Promise<FacadeFigures> {
  const { rounds, seconds, only, tell, signal } = options;
  const folder = await temporaryFolder('bench');
  const scene = await openScene(folder.path);
  try {
    const cells = scene.cells.filter(
      ({ name }) => only.length === 0 || name === 'bare' || only.includes(name),
    );
    for (const cell of cells) await warm(cell);
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      const one = new Map<string, Measured>();
      for (const cell of cells) {
        const result = await measure(cell, seconds, signal);
        one.set(cell.name, result);
        tell(
          `round ${round}/${rounds}: ${cell.name.padEnd(10)} ${Math.round(result.cpuMicros)} µs, ` +
            `${Math.round(result.requestsPerSecond)} requests/s, p99 ${result.p99} ms`,
        );
      }
      measured.push(one);
    }
    return figuresOf(measured, cells);
  } finally {
    await scene.close();
    await folder.remove();
  }
}
