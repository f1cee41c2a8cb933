import { type FSWatcher, watch } from 'node:fs';

/** Editors and deployments write a file in several goes. */
const settleMs = 300;

/** Calls when something in the folder has changed and it is quiet again. A folder that cannot be watched is told of, no more. */
export function watchFolder(
  folder: string,
  onChange: () => void,
  onProblem: (message: string) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(onChange, settleMs).unref();
    });
    watcher.on('error', (error) => onProblem(error.message));
  } catch (error) {
    onProblem(error instanceof Error ? error.message : String(error));
  }
  return () => {
    clearTimeout(timer);
    watcher?.close();
  };
}
