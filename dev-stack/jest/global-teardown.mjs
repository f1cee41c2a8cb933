export default async function globalTeardown() {
  await globalThis.__strangler_test_postgres?.stop();
}
