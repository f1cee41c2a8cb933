import type { DevTools } from './dev-tools.ts';
import { until } from './until.ts';

/** A page that has not come to it by then hangs. */
const withinMs = 60_000;

/** What assistive technology is told of a part of a page. */
export interface Accessible {
  readonly role: string;
  readonly name: string;
  readonly node: number;
}

interface AccessibilityNode {
  readonly ignored?: boolean;
  readonly role?: { readonly value?: string };
  readonly name?: { readonly value?: string };
  readonly backendDOMNodeId?: number;
}

/** A tab that is used as a person would: parts are found by role and name, clicked with a mouse, written into with keys. */
export class BrowserPage {
  /** Addresses that the page asked for. */
  readonly asked: string[] = [];
  /** Errors of scripts and of the console. */
  readonly errors: string[] = [];
  readonly #tools: DevTools;
  readonly #session: string;
  #loads = 0;

  private constructor(tools: DevTools, session: string) {
    this.#tools = tools;
    this.#session = session;
    tools.onTold(session, (method, params) => {
      if (method === 'Page.loadEventFired') this.#loads++;
      if (method === 'Network.requestWillBeSent')
        this.asked.push((params as { request: { url: string } }).request.url);
      if (method === 'Runtime.exceptionThrown') this.errors.push(JSON.stringify(params));
      if (method === 'Log.entryAdded') {
        const { entry } = params as { entry: { level: string; text: string; url?: string } };
        if (entry.level === 'error') this.errors.push(`${entry.text} ${entry.url ?? ''}`);
      }
    });
  }

  static async open(
    tools: DevTools,
    size: { width: number; height: number },
  ): Promise<BrowserPage> {
    const { browserContextId } = await tools.send('Target.createBrowserContext');
    const { targetId } = await tools.send('Target.createTarget', {
      url: 'about:blank',
      browserContextId,
    });
    const { sessionId } = await tools.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new BrowserPage(tools, String(sessionId));
    for (const domain of ['Page', 'Network', 'Runtime', 'Log', 'DOM', 'Accessibility'])
      await page.#send(`${domain}.enable`);
    await page.resize(size);
    return page;
  }

  async #send(method: string, params: Readonly<Record<string, unknown>> = {}) {
    return this.#tools.send(method, params, this.#session);
  }

  async resize({ width, height }: { width: number; height: number }): Promise<void> {
    const mobile = width < 600;
    const metrics = { width, height, deviceScaleFactor: 1, mobile };
    await this.#send('Emulation.setDeviceMetricsOverride', metrics);
  }

  /** Pages that are opened from now on run no script of theirs, as in a browser that forbids it. */
  async forbidScripts(): Promise<void> {
    await this.#send('Emulation.setScriptExecutionDisabled', { value: true });
  }

  /** Until everything that the page names is there; what its script fetches may follow. */
  async goto(url: string): Promise<void> {
    await this.#loading(() => this.#send('Page.navigate', { url }));
  }

  async #loading(act: () => Promise<unknown>): Promise<void> {
    const before = this.#loads;
    await act();
    await until('the page to load', () => this.#loads > before, { withinMs, everyMs: 20 });
  }

  /** The value of an expression in the page. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = (await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: Value }; exceptionDetails?: { text: string } };
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  text(): Promise<string> {
    return this.evaluate('document.body.innerText');
  }

  async sees(text: string): Promise<void> {
    let seen = '';
    await until(`"${text}" on the page`, async () => (seen = await this.text()).includes(text), {
      withinMs,
      everyMs: 50,
      alsoTell: () => seen,
    });
  }

  async accessible(): Promise<Accessible[]> {
    const { nodes } = (await this.#send('Accessibility.getFullAXTree')) as {
      nodes: AccessibilityNode[];
    };
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name, backendDOMNodeId }) => ({
        role: role?.value ?? '',
        name: name?.value ?? '',
        node: backendDOMNodeId ?? 0,
      }));
  }

  async #find(role: string, name: string): Promise<number> {
    let all: Accessible[] = [];
    let found: Accessible | undefined;
    await until(
      `a ${role} named "${name}"`,
      async () => {
        all = await this.accessible();
        found = all.find((one) => one.role === role && one.name === name);
        return found !== undefined;
      },
      {
        withinMs,
        everyMs: 50,
        alsoTell: () => all.map((one) => `${one.role} "${one.name}"`).join('\n'),
      },
    );
    return found?.node ?? 0;
  }

  async click(role: string, name: string): Promise<void> {
    const backendNodeId = await this.#find(role, name);
    await this.#send('DOM.scrollIntoViewIfNeeded', { backendNodeId });
    const { quads } = (await this.#send('DOM.getContentQuads', { backendNodeId })) as {
      quads: [number, number, number, number, number, number][];
    };
    const [quad] = quads;
    if (!quad) throw new Error(`the ${role} "${name}" has no place on the page`);
    const at = { x: (quad[0] + quad[4]) / 2, y: (quad[1] + quad[5]) / 2 };
    const mouse = { ...at, button: 'left', clickCount: 1 };
    await this.#send('Input.dispatchMouseEvent', { type: 'mousePressed', ...mouse });
    await this.#send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...mouse });
  }

  /** A click that leads to another page. */
  async follow(role: string, name: string): Promise<void> {
    await this.#loading(() => this.click(role, name));
  }

  /** In place of what stood there. */
  async write(role: string, name: string, text: string): Promise<void> {
    await this.#send('DOM.focus', { backendNodeId: await this.#find(role, name) });
    await this.evaluate('document.activeElement.select()');
    await this.#send('Input.insertText', { text });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: true,
    });
    return Buffer.from(String(data), 'base64');
  }
}
