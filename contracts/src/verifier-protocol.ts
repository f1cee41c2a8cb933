import type { MessageSource } from './message-source.ts';
import type { StateSetup } from './provider-states.ts';

/** First line to the verifier's process. */
export interface VerifierSettings {
  readonly provider: string;
  readonly url: string;
  /** Longest time for one answer of the provider, milliseconds. */
  readonly timeoutMs: number;
}

/** Every further line: one interaction, in a pact file of its own. */
export interface VerifierTask {
  readonly file: string;
  /** How its provider states are entered. */
  readonly states?: StateSetup;
  /** For a message: its type, and where it is published. */
  readonly message?: { readonly type: string; readonly source: MessageSource };
}

/** What the process answers, on a line that begins with the mark; what the native core printed stands before it. */
export interface VerifierReply {
  readonly ok: boolean;
  /** Why a provider state was not entered. */
  readonly notEntered?: string;
  readonly message?: string;
  /** The message alone tells: no message was there to compare. */
  readonly unpublished?: true;
  /** Why the source of messages could not be looked at. */
  readonly silent?: string;
}

export const replyMark = '\u001E pact verdict ';
