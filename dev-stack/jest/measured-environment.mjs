import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';
import { ofEndedChildren } from './cpu.mjs';

// A worker whose run was killed must not finish its suite for nobody: its servers' watchdogs see it die.
// (A listener for 'disconnect' would keep every worker from ending by itself.)
const hadParent = process.connected;
setInterval(() => {
  if (hadParent && !process.connected) process.kill(process.pid, 'SIGKILL');
}, 1_000).unref();

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + ofEndedChildren();
};

/** Node's environment; with TEST_TIMES it notes there what a suite cost, and dev-stack which servers it started. */
export default class MeasuredEnvironment extends TestEnvironment {
  #suite;
  #began;

  constructor(config, context) {
    super(config, context);
    this.#suite = relative(config.globalConfig.rootDir, context.testPath);
  }

  async setup() {
    await super.setup();
    if (!process.env.TEST_TIMES) return;
    this.#began = { at: performance.now(), cpu: cpu() };
    this.global.process.env.TEST_SUITE = this.#suite;
  }

  async teardown() {
    if (this.#began) {
      const line = {
        suite: this.#suite,
        seconds: (performance.now() - this.#began.at) / 1e3,
        cpu: cpu() - this.#began.cpu,
      };
      appendFileSync(process.env.TEST_TIMES, `${JSON.stringify(line)}\n`);
    }
    await super.teardown();
  }
}
