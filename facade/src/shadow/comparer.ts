import { Worker } from 'node:worker_threads';
import { compareAnswers } from './compare.ts';
import type { Comparable } from './compare-thread.ts';
import { isText, mediaType } from './media-type.ts';
import type { Difference, Observed, Rules } from './difference.ts';

/** Larger bodies are compared in a thread, and so are pages of any size, bytes: a parse of them would keep clients waiting. */
const largeBytes = 32_768;
/** Longest time one comparison may take there, milliseconds. */
const longestMs = 2_000;
/** Longest time until the thread is there, milliseconds. */
const startMs = 30_000;
/** Largest heap of the thread, megabytes. */
const heapMb = 256;

export class ComparisonFailed extends Error {
  override readonly name = 'ComparisonFailed';
}

interface Job {
  readonly task: Comparable;
  readonly resolve: (differences: readonly Difference[]) => void;
  readonly reject: (error: Error) => void;
}

// the package holds JavaScript, the repository TypeScript
const script = new URL(
  `./compare-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

/**
 * Compares small answers at once, large ones and pages in a thread of its own, one at a time, bounded in time and memory. Their
 * number is bounded by the queue of shadows.
 */
export class Comparer {
  #thread: Worker | undefined;
  #running: Job | undefined;
  #waiting: Job[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #longestMs: number;

  constructor(limitMs = longestMs) {
    this.#longestMs = limitMs;
  }

  /** @throws ComparisonFailed when it takes too long or too much memory */
  async compare(
    reference: Observed,
    candidate: Observed,
    rules: Rules | undefined,
  ): Promise<readonly Difference[]> {
    const large = Math.max(reference.body.length, candidate.body.length) > largeBytes;
    // nobody knows how long a pattern of a context file takes on a page that somebody wrote
    const slow = large || isText(mediaType(reference));
    if (!slow || reference.body.equals(candidate.body))
      return compareAnswers(reference, candidate, rules);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task: { reference, candidate, rules }, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    for (const job of this.#waiting.splice(0)) job.reject(new ComparisonFailed('closed'));
    await this.#end('closed');
  }

  #next(): void {
    if (this.#running) return;
    this.#running = this.#waiting.shift();
    if (!this.#running) return;
    if (this.#thread) this.#begin(this.#running, this.#thread);
    else this.#thread = this.#start();
  }

  #begin(job: Job, thread: Worker): void {
    this.#allow(this.#longestMs, `comparing took more than ${this.#longestMs} ms`);
    thread.postMessage(job.task);
  }

  #allow(milliseconds: number, why: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#end(why), milliseconds);
  }

  #start(): Worker {
    const thread = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    const mine = (): boolean => this.#thread === thread;
    thread.unref();
    thread.on('message', (said: 'ready' | readonly Difference[]) => {
      if (!mine()) return;
      if (said !== 'ready') this.#settle((job) => job.resolve(said));
      else if (this.#running) this.#begin(this.#running, thread);
    });
    thread.on('error', (error: Error) => {
      if (mine()) void this.#end(`comparing failed: ${error.message}`);
    });
    this.#allow(startMs, 'the thread that compares did not start');
    return thread;
  }

  /** The next comparison begins with a new thread. */
  async #end(why: string): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#settle((job) => job.reject(new ComparisonFailed(why)));
    await thread?.terminate();
  }

  #settle(how: (job: Job) => void): void {
    clearTimeout(this.#timer);
    const job = this.#running;
    this.#running = undefined;
    if (job) how(job);
    this.#next();
  }
}
