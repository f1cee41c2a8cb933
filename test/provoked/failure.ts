import type { Side } from '@strangler-toolkit/plan';
import type { HttpAnswer, Stack } from './stack.ts';

/** Words as they are shown; `…` stands for anything. */
export type Words = string;

/** What came back to whoever met the failure: at the command line, or through the facade. */
export type Answer =
  | {
      readonly type: string;
      readonly exit: number;
      /** Of the error; null where the command itself did what it was told. */
      readonly code: string | null;
      readonly says: Words;
      /** What to do next; by default the error's remedy must only be there. */
      readonly remedy?: Words;
      /** What it does can be done once only: it is typed with `--json` alone, and tells a person on stderr all the same. */
      readonly once?: true;
      /** Resolves when it is Ctrl-C's turn. */
      readonly interrupt?: (stack: Stack) => Promise<unknown>;
    }
  | {
      /** A program that ends by itself. */
      readonly start: 'strangler-facade';
      readonly env: Readonly<Record<string, string>>;
      readonly exit: number;
      readonly code: string | null;
      readonly says: Words;
    }
  | {
      readonly ask: string;
      /** The answer, where it was asked while the failure came about. */
      readonly asked?: (stack: Stack) => Promise<HttpAnswer> | undefined;
      /** Past the facade, at this side itself. */
      readonly at?: Side;
      readonly status: number;
      readonly code: string | null;
      readonly says: Words;
      readonly headers?: Readonly<Record<string, Words>>;
    };

/** The command could not look, and said so with this code. */
export interface Fails {
  readonly fails: string;
  readonly exit: number;
  readonly says: Words;
}

export interface Finding {
  readonly check: string;
  readonly actual: Words;
  readonly remedy: Words;
}

export interface Failure {
  /** What happened, as the runbook names it. */
  readonly name: string;
  readonly provoke: (stack: Stack) => Promise<unknown>;
  /** Without it nothing was harmed, so there is nothing to mend. */
  readonly mend?: (stack: Stack) => Promise<unknown>;
  readonly answer: Answer;
  /** What else must hold while it lasts. */
  readonly besides?: (stack: Stack) => Promise<unknown>;
  /** Each of these lines is shown; an empty list: it shows what it showed before. */
  readonly status: readonly Words[] | Fails;
  /** Each of these is found and nothing else; an empty list: all is right. */
  readonly doctor: readonly Finding[] | Fails;
  /** What to do, as the runbook says it. */
  readonly todo: string;
}

export const pattern = (words: Words): RegExp =>
  new RegExp(
    words
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*'),
  );

/** The command line's words of a shell. */
export const wordsOf = (typed: string): string[] =>
  [...typed.replace(/^strangler /, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
