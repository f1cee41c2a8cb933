// The packages that people install, in the order in which they need each other. Everything else in the workspace is private.
export const published = ['plan', 'migration', 'extracted/service-kit', 'contracts', 'facade'];
