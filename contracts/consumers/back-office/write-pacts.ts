// One after the other: the native core writes into one file.
await import('./product-pacts.ts');
await import('./image-pacts.ts');
await import('./category-pacts.ts');
await import('./stranger-pacts.ts');
await import('./page-pacts.ts');

export {};
