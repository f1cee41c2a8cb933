import {
  decide,
  type Decision,
  type FlagView,
  type Freshness,
  type OwnerView,
  type Side,
} from '@strangler-toolkit/plan';
import type { FlagState } from '../../flags/index.ts';

export interface Answer extends Decision {
  /** Share of identities, percent; null where the flag is not known. */
  readonly percent: number | null;
}

export interface AnswerInput {
  readonly kind: 'read' | 'write';
  readonly view: OwnerView;
  readonly freshness: Freshness;
  readonly killed: boolean;
  /** Null: not known here. */
  readonly flag: FlagState | null;
  /** What the request shows first; undefined: nothing. */
  readonly identity?: string | undefined;
  /** The side that a tester's token names for this context. */
  readonly tester?: Side | undefined;
}

/** Who answers a request, with shares where a flag divides them: what each facade would decide with all upstreams well. */
export function whoAnswers(input: AnswerInput): Answer[] {
  const { kind, view, freshness, killed, flag, identity, tester } = input;
  const given = (route: FlagView['route']): Decision =>
    decide({
      kind,
      view,
      freshness,
      unavailable: new Set(),
      flags: { kill: killed, route },
      tester,
    });
  // one of the flag's two answers is as good as the other
  if (tester !== undefined && kind === 'read') return [{ ...given(true), percent: 100 }];
  if (flag?.exists === false) return [{ ...given(undefined), percent: 100 }];
  const [on, off] = [given(true), given(false)];
  // one of them is led back home, and why is what counts
  if (on.target === off.target) return [{ ...(on.reason === 'flag' ? off : on), percent: 100 }];
  if (flag === null)
    return [
      { ...on, percent: null },
      { ...off, percent: null },
    ];
  const named = identity !== undefined && flag.identities?.includes(identity);
  const percent = named ? 100 : flag.percent;
  return [
    { ...on, percent },
    { ...off, percent: 100 - percent },
  ].filter((answer) => answer.percent > 0);
}
