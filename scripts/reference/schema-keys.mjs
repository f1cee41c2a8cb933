// Paths of all fields that a zod schema knows: `routes[].compare.ignore[].path`, `leave.*.reason`.

/** @returns a set of paths; `checks(path)` tells whether the object there is one whose fields the schema lists */
export function keysOf(schema) {
  const objects = new Set();
  const paths = new Set();
  const walk = (type, path) => {
    const { def } = type;
    if (def.type === 'optional') return walk(def.innerType, path);
    if (def.type === 'array') return walk(def.element, `${path}[]`);
    if (def.type === 'record') return walk(def.valueType, `${path}.*`);
    if (def.type !== 'object') return;
    objects.add(path);
    for (const [name, field] of Object.entries(def.shape)) {
      const at = path === '' ? name : `${path}.${name}`;
      paths.add(at);
      walk(field, at);
    }
  };
  walk(schema, '');
  return Object.assign(paths, { checks: (path) => objects.has(path) });
}
