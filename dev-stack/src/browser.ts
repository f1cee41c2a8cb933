import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { startCommand } from './child-process.ts';
import { temporaryFolder } from './guard.ts';
import { BrowserPage } from './browser-page.ts';
import { DevTools } from './dev-tools.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The Chromium of this machine: that of `CHROMIUM`, else the first on the path. */
export function chromiumPath(environment = process.env): string | undefined {
  if (environment.CHROMIUM) return environment.CHROMIUM;
  const folders = (environment.PATH ?? '').split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export interface Browser {
  /** A new tab with cookies of its own. */
  open(size?: { width: number; height: number }): Promise<BrowserPage>;
  stop(): Promise<void>;
}

/** A real Chromium without a window, in a private folder. */
export async function startBrowser(): Promise<Browser> {
  const command = chromiumPath();
  if (!command) throw new Error('no Chromium on this machine (Debian: apt-get install chromium)');
  const folder = await temporaryFolder('browser');
  let address = '';
  const running = await startCommand({
    name: 'chromium',
    command,
    args: [
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${folder.path}`,
      '--no-first-run',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--hide-scrollbars',
      // its own sandbox cannot be had as root
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      'about:blank',
    ],
    ready: (line) => {
      // a later line says nothing of it
      address ||= /^DevTools listening on (ws:\S+)$/.exec(line)?.[1] ?? '';
      return address !== '';
    },
  }).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  const tools = await DevTools.connect(address).catch(async (error: unknown) => {
    await running.stop(2_000);
    await folder.remove();
    throw error;
  });
  return {
    open: (size = { width: 1280, height: 800 }) => BrowserPage.open(tools, size),
    async stop() {
      tools.close();
      await running.stop(2_000);
      await folder.remove();
    },
  };
}
