import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hopeless, type TemporaryFolder, until } from '@strangler-toolkit/dev-stack';
import { isStranglerError, type StranglerError } from '@strangler-toolkit/plan';
import { deadLetters } from '../../../src/steps/dead-letters.ts';
import { init } from '../../../src/steps/init/init.ts';
import { replicate } from '../../../src/steps/replicate.ts';
import { Toolkit } from '../../../src/steps/toolkit.ts';

interface Running {
  /** What it ended with; null: it was told to. */
  readonly ended: Promise<StranglerError | null>;
  over: StranglerError | null | undefined;
  readonly stop: () => Promise<void>;
}

/** A context whose file is what `strangler init` proposes, and its worker; both can be made anew. */
export class Replication {
  readonly context: string;
  readonly #folder: TemporaryFolder;
  readonly #env: Readonly<Record<string, string>>;
  #generation = 0;
  #running: Running | undefined;
  /** Tables that were copied, by number of the worker that did. */
  readonly copied: { readonly worker: number; readonly table: string }[] = [];
  workers = 0;

  constructor(context: string, folder: TemporaryFolder, env: Readonly<Record<string, string>>) {
    this.context = context;
    this.#folder = folder;
    this.#env = env;
  }

  kit(signal: AbortSignal = new AbortController().signal): Toolkit {
    return new Toolkit({
      // A file is loaded once in a process, so another one stands in another folder.
      contextsDir: join(this.#folder.path, this.context, String(this.#generation)),
      env: this.#env,
      signal,
      onProgress: ({ fields }) => {
        if (fields?.['phase'] === 'copying' && typeof fields['table'] === 'string')
          this.copied.push({ worker: this.workers, table: fields['table'] });
      },
    });
  }

  /** `strangler init`: the tables, one to one, as the monolith's catalog has them now. */
  async propose(tables: readonly string[]): Promise<void> {
    this.#generation += 1;
    await using kit = this.kit();
    const { context } = this;
    const { file } = await init.execute(kit, {
      context,
      database: 'MONOLITH_DATABASE_URL',
      tables,
    });
    // A hundred topics are enough for a test.
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text.replace('  tables: [', '  replication: { partitions: 1 },\n  tables: ['),
    );
  }

  /** `strangler replicate` */
  start({ reread = false } = {}): void {
    this.workers += 1;
    const controller = new AbortController();
    const kit = this.kit(controller.signal);
    const work = async (): Promise<StranglerError | null> => {
      try {
        await replicate.execute(kit, { context: this.context, ...(reread && { reread }) });
        return null;
      } catch (error) {
        if (isStranglerError(error)) return error;
        throw error;
      } finally {
        await kit.close();
      }
    };
    const ended = work();
    const running: Running = {
      ended,
      over: undefined,
      async stop() {
        controller.abort();
        await ended;
      },
    };
    void ended.then((error) => (running.over = error));
    this.#running = running;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  /** Nothing of it is left in the monolith's database, nor with Connect. */
  async end(): Promise<void> {
    await this.stop();
    await using kit = this.kit();
    const { context } = this;
    const definition = await kit.definition(context);
    const url = kit.databaseUrl(definition, 'monolith');
    await kit.withDatabase(definition, 'monolith', (client) =>
      kit.transport(definition).remove({ context, direction: 'forward', url, client }),
    );
  }

  /** `strangler dead-letters replay --all`; how many there were. */
  async replay(): Promise<number> {
    const open = await this.deadLetters();
    if (open === 0) return 0;
    await using kit = this.kit();
    await deadLetters.execute(kit, { context: this.context, action: 'replay', all: true });
    return open;
  }

  async deadLetters(): Promise<number> {
    await using kit = this.kit();
    return (await deadLetters.execute(kit, { context: this.context, action: 'list' })).deadLetters
      .length;
  }

  /** Waits until the worker stops by itself. */
  async ended(): Promise<StranglerError | null> {
    return (await this.#running?.ended) ?? null;
  }

  /** Everything that was written until now is applied; or why the worker stopped before that. */
  async settled(): Promise<StranglerError | null> {
    const running = this.#running;
    if (running === undefined) throw new Hopeless('no worker was started');
    await using kit = this.kit();
    const control = await kit.control();
    const now = await control.now();
    const [error] = await until(
      'the worker has applied everything, or stopped',
      async () => {
        if (running.over !== undefined) return [running.over] as const;
        const watermark = await control.watermarks.get(this.context, 'forward');
        return (watermark?.appliedAt ?? '') > now ? ([null] as const) : undefined;
      },
      // a busy machine has a connector begin anew meanwhile
      { withinMs: 600_000 },
    );
    return error;
  }
}
