import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { guardChild } from '@strangler-toolkit/dev-stack';

/** Names of unleash-server's migrations, in their order. */
export const migrationNames = async (): Promise<string[]> => {
  const files = await readdir(new URL('../migrations/', import.meta.resolve('unleash-server')));
  return files
    .filter((name) => /^\d+.*\.js$/.test(name))
    .map((name) => name.replace(/\.js$/, ''))
    .sort();
};

export interface Migrator extends AsyncDisposable {
  /** Applies so many more of them. */
  apply(count: number): Promise<void>;
}

/** A process that deploys unleash-server's migrations to a database as its own start does. */
export function startMigrator(databaseUrl: string): Migrator {
  const { DATABASE_URL: _url, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ['--no-deprecation', fileURLToPath(new URL('migrator.mjs', import.meta.url)), databaseUrl],
    { env, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  guardChild(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async apply(count) {
      const answer = async (): Promise<string> => {
        child.stdin.write(`${count}\n`);
        for (;;) {
          const { value, done } = await lines.next();
          if (done === true) throw new Error('the migrator ended');
          if (value === 'done' || value.startsWith('failed: ')) return value;
        }
      };
      // A migration that locks several tables may lose against a user's delete that cascades, and one that fills a column before it
      // forbids NULL against an insert in between: whoever deploys tries again.
      let told = await answer();
      for (let more = 5; more > 0 && /deadlock detected|contains null values/.test(told); more -= 1)
        told = await answer();
      if (told !== 'done') throw new Error(told);
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}
