import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Checkout {
  readonly commit: string;
  /** Undefined where none is checked out, as in most pipelines. */
  readonly branch: string | undefined;
  /** Files that git follows are not as they were committed. */
  readonly dirty: boolean;
}

/**
 * What of a repository is checked out at a folder; undefined when it is in none, or there is no git. `except`: a folder whose
 * files may differ, because a step of the same pipeline writes them.
 */
export async function checkoutOf(folder: string, except?: string): Promise<Checkout | undefined> {
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', ['-C', folder, ...args])).stdout.trim();
  try {
    const [commit, branch, changed] = [
      await git('rev-parse', '--verify', 'HEAD'),
      await git('rev-parse', '--abbrev-ref', 'HEAD'),
      await git(
        ...['status', '--porcelain', '--untracked-files=no', '--', ':/'],
        ...(except === undefined ? [] : [`:(exclude)${except}`]),
      ),
    ];
    return { commit, branch: branch === 'HEAD' ? undefined : branch, dirty: changed !== '' };
  } catch {
    return undefined;
  }
}
