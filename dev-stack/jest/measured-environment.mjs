import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';

/** Seconds of CPU of the processes that this one started and that have ended, with theirs; 0 where the system does not tell. */
export function ofEndedChildren(pid = 'self') {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}

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
