// Rules for tests that no linter brings along: each forbids an assertion that holds whatever the product does.

const called = (node, name) => node?.type === 'CallExpression' && node.callee.name === name;
const method = (node, name) =>
  node.callee.type === 'MemberExpression' && node.callee.property.name === name;

/** `() => undefined`, `() => {}` */
const saysNothing = (node) =>
  node?.type === 'ArrowFunctionExpression' &&
  ((node.body.type === 'BlockStatement' && node.body.body.length === 0) ||
    node.body.name === 'undefined');

const isNode = (value) => typeof value?.type === 'string';
const holds = (node, wanted) =>
  wanted(node) ||
  Object.entries(node).some(
    ([name, value]) =>
      name !== 'parent' && [value].flat().some((child) => isNode(child) && holds(child, wanted)),
  );
const expects = (node) => called(node, 'expect');
const fails = (node) => node.type === 'ThrowStatement' || expects(node);

const rule = (message, type, visit) => ({
  meta: { type: 'problem', messages: { found: message }, schema: [] },
  create: (context) => ({
    [type](node) {
      if (visit(node)) context.report({ node, messageId: 'found' });
    },
  }),
});

export default {
  meta: { name: 'tests' },
  rules: {
    'no-swallowed-wait': rule(
      'A wait whose limit is swallowed waits for nothing: let it fail.',
      'CallExpression',
      (node) =>
        method(node, 'catch') &&
        called(node.callee.object, 'until') &&
        saysNothing(node.arguments[0]),
    ),
    'no-expect-only-in-catch': rule(
      'Nothing is expected when nothing is thrown: use rejects or toThrow.',
      'TryStatement',
      ({ block, handler, finalizer }) =>
        handler !== null &&
        holds(handler.body, expects) &&
        ![block, finalizer].some((part) => part && holds(part, fails)),
    ),
    'no-any-number': rule(
      'Any number will do: say which, or between which bounds.',
      'CallExpression',
      (node) => method(node, 'any') && node.arguments[0]?.name === 'Number',
    ),
  },
};
