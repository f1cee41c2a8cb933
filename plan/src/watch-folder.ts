import { type FSWatcher, statSync, watch } from 'node:fs';

/** Editors and deployments write a file in several goes. */
const settleMs = 300;
/** How soon a folder in the place of another one is noticed. */
const lookMs = 10_000;

/** The folder that stands there now, also behind a link; empty: none. */
function folderAt(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.dev}:${found.ino}`;
}

/**
 * Calls when something in the folder has changed and it is quiet again. What is watched is a folder and not its path: when
 * another one takes its place, that one is watched. A folder that cannot be watched is told of, no more.
 */
export function watchFolder(
  path: string,
  onChange: () => void,
  onProblem: (message: string) => void,
  everyMs = lookMs,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  let watched = '';
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs).unref();
  };
  const begin = (): void => {
    watcher?.close();
    watched = folderAt(path);
    try {
      watcher = watch(path, { persistent: false }, changed);
      watcher.on('error', (error) => onProblem(error.message));
    } catch (error) {
      onProblem(error instanceof Error ? error.message : String(error));
    }
  };
  begin();
  const looking = setInterval(() => {
    const now = folderAt(path);
    if (now === watched || now === '') return;
    begin();
    changed();
  }, everyMs).unref();
  return () => {
    clearTimeout(timer);
    clearInterval(looking);
    watcher?.close();
  };
}
