import type { StateSetup } from './provider-states.ts';

/** First line to the verifier's process. */
export interface VerifierSettings {
  readonly provider: string;
  readonly url: string;
  readonly states?: StateSetup;
  /** Longest time for one answer of the provider, milliseconds. */
  readonly timeoutMs: number;
}

/** Every further line: one interaction, in a pact file of its own. */
export interface VerifierTask {
  readonly file: string;
}

/** What the process answers, on a line that begins with the mark; what the native core printed stands before it. */
export interface VerifierReply {
  readonly ok: boolean;
  /** Why a provider state was not entered. */
  readonly notEntered?: string;
  readonly message?: string;
}

export const replyMark = '\u001E pact verdict ';
