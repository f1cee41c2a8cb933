// Starts a broker and a worker, tells what, and waits to be killed.
import { startConnect, startKafka } from '../src/index.ts';

const kafka = await startKafka();
const connect = await startConnect({ brokers: kafka.brokers });
console.log(JSON.stringify({ pids: [kafka.pid, connect.pid] }));
