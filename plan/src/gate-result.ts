import type { Finding, GateFacts } from './gate-facts.ts';
import type { GateSettings } from './migration.ts';

export type GateName =
  | 'databases'
  | 'replica-identity'
  | 'mapping'
  | 'decisions'
  | 'write-routes'
  | 'publication-and-slot'
  | 'initial-copy'
  | 'lag'
  | 'verification'
  | 'dead-letters'
  | 'references'
  | 'readers'
  | 'pacts'
  | 'can-i-deploy'
  | 'shadow-reads'
  | 'mismatches'
  | 'facades'
  | 'context-files'
  | 'way-back'
  | 'owned-for'
  | 'reads-on-monolith'
  | 'stray-writes';

export interface GateResult {
  readonly gate: GateName;
  readonly ok: boolean;
  readonly actual: string;
  readonly expected: string;
  /** Empty when the gate lets pass. */
  readonly remedy: string;
  /** What to type to bring what is missing; none when there is nothing to type, or the gate lets pass. */
  readonly command?: string;
}

export type Gate = (facts: GateFacts, settings: Required<GateSettings>) => GateResult;

/** Remedy and command are kept when the gate refuses. */
export const result = ({ remedy, command, ...told }: GateResult): GateResult =>
  told.ok
    ? { ...told, remedy: '' }
    : { ...told, remedy, ...(command !== undefined && { command }) };

/** Where the gate itself cannot say what is wrong, doctor does. */
export const askDoctor = (context: string): Pick<GateResult, 'remedy' | 'command'> => ({
  remedy: `strangler doctor ${context} says what to mend`,
  command: `strangler doctor ${context}`,
});

/** A gate on a check that was made beforehand. */
export const finding =
  ({
    gate,
    fact,
    expected,
  }: {
    readonly gate: GateName;
    readonly fact: (facts: GateFacts) => Finding | undefined;
    readonly expected: string;
  }): Gate =>
  (facts) => {
    const found = fact(facts);
    if (found === true) return { gate, ok: true, expected, actual: expected, remedy: '' };
    return {
      gate,
      ok: false,
      expected,
      actual: found?.problem ?? 'not known',
      ...(found?.remedy === undefined ? askDoctor(facts.context) : { remedy: found.remedy }),
    };
  };

export const seconds = (value: number): string =>
  `${value < 10 ? Number(value.toFixed(2)) : Math.round(value)} s`;
