import type { Finding, GateFacts } from './gate-facts.ts';
import type { GateSettings } from './migration.ts';

export type GateName =
  | 'databases'
  | 'replica-identity'
  | 'mapping'
  | 'publication-and-slot'
  | 'initial-copy'
  | 'lag'
  | 'verification'
  | 'dead-letters'
  | 'pacts'
  | 'shadow-reads'
  | 'mismatches'
  | 'facades'
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
}

export type Gate = (facts: GateFacts, settings: Required<GateSettings>) => GateResult;

/** The remedy is kept when the gate refuses. */
export const result = ({ remedy, ...told }: GateResult): GateResult => ({
  ...told,
  remedy: told.ok ? '' : remedy,
});

/** A gate on a check that was made beforehand. */
export const finding =
  ({
    gate,
    fact,
    expected,
    remedy,
  }: {
    readonly gate: GateName;
    readonly fact: (facts: GateFacts) => Finding | undefined;
    readonly expected: string;
    readonly remedy: (context: string) => string;
  }): Gate =>
  (facts) => {
    const found = fact(facts);
    const refused = { gate, ok: false, expected, remedy: remedy(facts.context) };
    if (found === undefined) return { ...refused, actual: 'not known' };
    if (found === true) return { gate, ok: true, expected, actual: expected, remedy: '' };
    return { ...refused, actual: found.problem, remedy: found.remedy ?? refused.remedy };
  };

export const seconds = (value: number): string =>
  `${value < 10 ? Number(value.toFixed(2)) : Math.round(value)} s`;

export const doctor = (context: string): string => `strangler doctor ${context} says what to mend`;
