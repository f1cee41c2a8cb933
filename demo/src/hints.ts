/** Commands that make sense at a stage of the catalog: looking first, the way on last. */
export function hintsAt(stage: string | undefined): string[] {
  const look = 'npx strangler status catalog';
  switch (stage) {
    case 'replicating':
      return [look, 'npx strangler verify catalog', 'npx strangler shadow catalog --sample 100'];
    case 'shadowing':
      return [look, 'npx strangler shadow catalog', 'npx strangler ramp catalog --steps 25,50,100'];
    case 'canary':
      return [
        look,
        'npx strangler cutover catalog --dry-run',
        'npx strangler cutover catalog --yes',
      ];
    case 'service':
      return [look, 'npx strangler journal catalog', 'npx strangler rollback catalog --yes'];
    default:
      return [
        'npx strangler status',
        'npx strangler doctor catalog',
        'npx strangler replicate catalog --dry-run',
      ];
  }
}
