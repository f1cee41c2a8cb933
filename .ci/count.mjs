// Adds up the result of the test run and the other parts; prints the last line of .ci/run. Runs on the host's own Node.
import { readFileSync } from 'node:fs';

const [file, ...broken] = process.argv.slice(2);
let passed = 0;
let failed = 0;
const complaints = broken.filter((part) => part !== 'tests').map((part) => `${part} failed`);
try {
  const result = JSON.parse(readFileSync(file, 'utf8'));
  passed = result.numPassedTests;
  failed = result.numFailedTests;
  const skipped = result.numPendingTests + result.numTodoTests;
  if (skipped > 0) complaints.push(`${skipped} tests were skipped`);
  for (const suite of result.testResults) {
    if (
      suite.status === 'failed' &&
      suite.assertionResults.every((test) => test.status !== 'failed')
    )
      complaints.push(`${suite.name} could not run`);
    for (const test of suite.assertionResults) {
      if (test.status === 'failed') console.log(`failed: ${test.fullName}`);
      if (['pending', 'skipped', 'todo', 'disabled'].includes(test.status))
        console.log(`skipped: ${test.fullName}`);
    }
  }
  if (passed + failed === 0) complaints.push('no test ran');
  else if (broken.includes('tests') && failed === 0 && complaints.length === 0)
    complaints.push('the test run failed although no test did');
} catch {
  complaints.push('the test run wrote no result: it crashed or took too long');
}
for (const complaint of complaints) console.log(complaint);
console.log(`${passed} passed, ${failed + complaints.length} failed`);
process.exitCode = failed + complaints.length > 0 || passed === 0 ? 1 : 0;
