import { checkSide } from './clients/final-check.ts';
import { Crowd } from './clients/crowd.ts';
import { Evidence } from './evidence.ts';
import { pauseText } from './pause.ts';
import { promiseRows } from './report.ts';
import type { DemoResult } from './result.ts';
import type { Screen } from './screen.ts';
import type { Stack } from './stack/stack.ts';

export interface Telling {
  readonly stack: Stack;
  readonly screen: Screen;
  readonly result: DemoResult;
  /** Clients pause so many times as long as usual. */
  readonly pace: number;
  readonly signal: AbortSignal;
}

/** A line of the contracts' table in which no provider differs: dozens, of which the last line tells the number. */
const everyoneKeptIt = /^interaction {2,}|\S {2,}kept(?: +kept)*$/;

class Interrupted extends Error {}

/** What every story is made of: chapters, commands, waiting, and the clients that go on meanwhile. */
export class Teller {
  readonly telling: Telling;
  readonly evidence: Evidence;
  readonly crowd: Crowd;
  #stage = 'start';
  #stageBegan: number;

  constructor(telling: Telling) {
    this.telling = telling;
    this.evidence = new Evidence(telling.stack.env.STRANGLER_CONTROL_URL ?? '');
    this.#stageBegan = telling.screen.seconds;
    this.crowd = new Crowd({
      facades: telling.stack.facades,
      writers: 4,
      readers: 4,
      writerPauseMs: 20,
      readerPauseMs: 8,
      pace: telling.pace,
    });
  }

  chapter(name: string, title: string, ...why: readonly string[]): void {
    const { result, screen } = this.telling;
    const seconds = Math.round((screen.seconds - this.#stageBegan) * 10) / 10;
    result.stages.push({ stage: this.#stage, seconds });
    this.#stage = name;
    this.#stageBegan = screen.seconds;
    screen.chapter(title);
    for (const text of why) screen.why(text);
  }

  async until(what: string, condition: () => Promise<boolean>, timeoutMs = 300_000): Promise<void> {
    for (const deadline = Date.now() + timeoutMs; ;) {
      if (this.telling.signal.aborted) throw new Interrupted();
      if (await condition()) return;
      if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1_000} s for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** A command as a person would type it. */
  async strangler(...args: string[]): Promise<void> {
    const { stack, screen, signal } = this.telling;
    if (signal.aborted) throw new Interrupted();
    screen.command(`strangler ${args.join(' ')}`);
    const { code, stdout, stderr } = await stack.strangler(args, {
      onLine: (line) => {
        if (!everyoneKeptIt.test(line)) screen.output(line);
      },
    });
    if (signal.aborted) throw new Interrupted();
    if (code !== 0)
      throw new Error(`strangler ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  }

  /** One that waits until readers have been answered often enough. */
  async stranglerAwaitsReaders(...args: string[]): Promise<void> {
    await this.crowd.hurried('readers', () => this.strangler(...args));
  }

  async verify(): Promise<void> {
    const { result, screen } = this.telling;
    const before = result.verifiedRows;
    await this.strangler('verify', 'catalog');
    const found = await this.evidence.latest('catalog', 'verification');
    result.verifiedRows += Number(found?.detail.rowsCompared ?? 0);
    result.verifyDifferences += Number(found?.detail.differences ?? (found?.ok ? 0 : 1));
    screen.good(
      `${result.verifiedRows - before} rows compared ${this.crowd.stopped ? 'after the last write' : 'while clients write'}`,
    );
  }

  /** The worker runs from here on; resolves when the service's tables have what the monolith's have. */
  async replicate(): Promise<void> {
    const { stack, screen } = this.telling;
    screen.command('strangler replicate catalog   (runs from now on)');
    const told = this.#stage;
    const worker = await stack.startWorker('catalog', (line) => {
      if (this.#stage === told && !line.startsWith('{')) screen.output(line);
    });
    await this.until('the initial copy and the stream behind it', async () => {
      if (!worker.running)
        throw new Error(`the worker ended:\n${worker.logs().slice(-20).join('\n')}`);
      const context = await this.evidence.context('catalog');
      return context?.copied === true && (context.lagMs ?? Infinity) < 2_000;
    });
  }

  async changeOwner(command: 'cutover' | 'rollback', owner: string): Promise<void> {
    const { counts } = this.crowd;
    const { result, screen } = this.telling;
    counts.longestWriteMs = 0;
    const failed = counts.failedRequests;
    await this.strangler(command, 'catalog', '--yes');
    await this.until(
      `${owner} to own the catalog`,
      async () => (await this.evidence.context('catalog'))?.owner === owner,
    );
    const last = (await this.evidence.moves('catalog')).findLast(({ abandoned }) => !abandoned);
    // Until the writes that were held are answered, too, and newer ones have streamed back.
    const writes = counts.acknowledgedWrites;
    await this.crowd.hurried('writers', () =>
      this.until('writes at the new owner', async () => counts.acknowledgedWrites > writes + 50),
    );
    const heldMs = last?.ms ?? Number.NaN;
    result.writePauseMs.push({ move: command, ms: Math.round(heldMs) });
    screen.good(
      `the ${owner} owns the catalog; ` +
        pauseText({
          heldMs,
          slowestMs: counts.longestWriteMs,
          failed: counts.failedRequests - failed,
        }),
    );
  }

  /** Stops the clients and asks both sides for everything that they were told is written. */
  async checkLedger(): Promise<void> {
    const { stack, screen, result } = this.telling;
    await this.crowd.stop();
    await this.until(
      'the reverse stream to catch up',
      async () => ((await this.evidence.context('catalog'))?.lagMs ?? Infinity) < 1_000,
    );
    await this.verify();
    for (const side of ['catalog', 'monolith']) {
      const verdict = await checkSide(stack.member(side).url, this.crowd.ledger);
      result.lostWrites += verdict.lost;
      result.duplicatedWrites += verdict.doubled;
      result.ledgerProducts = verdict.checked;
      const text =
        `${verdict.checked} products of the ledger asked from the ` +
        `${side === 'catalog' ? 'service (the owner)' : 'monolith'} itself: ${verdict.lost} lost, ` +
        `${verdict.doubled} doubled`;
      if (verdict.lost + verdict.doubled === 0) screen.good(text);
      else screen.bad(text);
      result.problems.push(...verdict.examples);
    }
  }

  /** Runs the story while clients use the shop, and shows what was measured. */
  async tell(story: (teller: Teller) => Promise<void>): Promise<void> {
    const { result, screen, signal } = this.telling;
    try {
      this.chapter(
        'clients',
        'Clients use the shop, from here to the end',
        '4 write products of their own and read each write back through the other facade; 4 browse. ' +
          'A ledger keeps every acknowledged write.',
      );
      await this.until('the first writes', async () => this.crowd.counts.acknowledgedWrites > 20);
      await story(this);
      this.chapter('end', 'What was promised, and what was measured');
    } finally {
      await this.crowd.stop();
      const { requests, failedRequests, acknowledgedWrites, staleReads, problems } =
        this.crowd.counts;
      Object.assign(result, { requests, failedRequests, acknowledgedWrites, staleReads });
      result.problems.push(...problems);
      if (!signal.aborted) result.shadow = await this.evidence.shadow('catalog').catch(() => ({}));
    }
    screen.table(promiseRows(result, screen.seconds));
    for (const problem of result.problems.slice(0, 10)) screen.bad(problem);
  }
}
