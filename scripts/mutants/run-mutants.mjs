import { fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));
/**
 * A process is used for so many mutants: modules of ended tests are not all given back, nor are databases and slots of tests that
 * a mistake broke off.
 */
const usesOfProcess = { pure: 150, servers: 30 };

/** A suite that has failed may tidy up for so long: then its process is ended. */
const tidyingMs = 5000;

/** One warm process; ended and begun anew when a mutant does not end. */
export class WarmJest {
  #child;
  #uses = 0;
  #answer;
  #number = 0;
  #servers;
  constructor({ cacheDirectory, roots, servers }) {
    this.#servers = servers;
    this.args = [cacheDirectory, ...roots];
  }

  async #started() {
    if (this.#child && this.#uses < usesOfProcess[this.#servers ? 'servers' : 'pure'])
      return this.#child;
    this.end();
    this.#uses = 0;
    const child = fork(worker, this.args, {
      execArgv: [
        '--conditions=strangler-source',
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        '--disable-warning=TimeoutNegativeWarning',
      ],
      env: { ...process.env, NODE_ENV: 'test', MUTANTS_SERVERS: this.#servers ? '1' : '' },
      stdio: ['ignore', 'ignore', process.env.MUTANTS_TALK ? 'inherit' : 'ignore', 'ipc'],
    });
    setPriority(child.pid, 10);
    this.#child = child;
    const ready = new Promise((resolve, reject) => {
      this.#answer = resolve;
      child.once('exit', () => reject(new Error('the test process did not start')));
    });
    child.on('message', (message) => this.#answer(message));
    await ready;
    return child;
  }

  /** @returns {Promise<{ status: 'killed' | 'survived' | 'timeout' | 'crashed', killedBy?: string, patienceMs?: number }>} */
  async run(mutant, suites, timeoutMs) {
    const child = await this.#started();
    this.#uses += 1;
    this.#number += 1;
    const id = `${process.pid}-${this.#number}`;
    return new Promise((resolve) => {
      const done = (outcome) => {
        clearTimeout(timer);
        child.removeListener('exit', crashed);
        resolve(outcome);
      };
      const crashed = () => {
        this.#child = undefined;
        done({ status: 'crashed' });
      };
      const giveUp = (outcome) => () => {
        this.end();
        done(outcome);
      };
      let timer = setTimeout(giveUp({ status: 'timeout' }), timeoutMs);
      child.once('exit', crashed);
      this.#answer = (message) => {
        if (message.id !== id) return;
        if (message.failing !== undefined) {
          clearTimeout(timer);
          timer = setTimeout(giveUp({ status: 'killed', killedBy: message.failing }), tidyingMs);
        } else
          done(
            message.killedBy === undefined
              ? { status: 'survived', patienceMs: message.patienceMs }
              : { status: 'killed', killedBy: message.killedBy },
          );
      };
      child.send({ id, mutant, suites });
    });
  }

  end() {
    this.#child?.removeAllListeners();
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
