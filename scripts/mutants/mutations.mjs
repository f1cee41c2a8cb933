// The generic mistakes: each a piece of source, and what stands there instead.
import { parse } from '@babel/parser';

const boundaries = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
};
const otherMethod = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
]);
/** Calls that may be forgotten: the value goes on as it was. */
const forgotten = new Set([
  'filter',
  'reverse',
  'slice',
  'sort',
  'toLowerCase',
  'toUpperCase',
  'toReversed',
  'toSorted',
  'trim',
]);

const isText = (node) => node.type === 'StringLiteral' || node.type === 'TemplateLiteral';
/** Texts for people are not mutated: nobody asserts prose word by word. Codes, names and formats are. */
const isProse = (text) => text.includes(' ');

const removable = new Set([
  'CallExpression',
  'AwaitExpression',
  'AssignmentExpression',
  'OptionalCallExpression',
  'UpdateExpression',
  'UnaryExpression',
]);

const operators = {
  BinaryExpression(node, { between }) {
    const places = boundaries[node.operator] ?? [];
    const sums = node.operator === '+' && !isText(node.left) && !isText(node.right) ? ['-'] : [];
    for (const operator of [...places, ...sums])
      between(node.left, node.right, node.operator, operator);
  },
  LogicalExpression(node, { between, replace, text }) {
    if (node.operator === '&&') between(node.left, node.right, '&&', '||');
    if (node.operator === '||') between(node.left, node.right, '||', '&&');
    if (node.operator === '??') replace(node, text(node.left));
  },
  IfStatement(node, { replace }) {
    for (const answer of ['true', 'false']) replace(node.test, answer);
  },
  ConditionalExpression(node, { replace }) {
    for (const answer of ['true', 'false']) replace(node.test, answer);
  },
  WhileStatement(node, { replace }) {
    replace(node.test, 'false');
  },
  UnaryExpression(node, { replace, text }) {
    if (node.operator === '!' || node.operator === '-') replace(node, text(node.argument));
  },
  UpdateExpression(node, { replace, text }) {
    replace(node, text(node).replace(node.operator, node.operator === '++' ? '--' : '++'));
  },
  AssignmentExpression(node, { between }) {
    if (node.operator === '+=') between(node.left, node.right, '+=', '-=');
    if (node.operator === '-=') between(node.left, node.right, '-=', '+=');
    if (node.operator === '??=') between(node.left, node.right, '??=', '=');
  },
  ExpressionStatement(node, { replace }) {
    if (removable.has(node.expression.type)) replace(node, ';');
  },
  ThrowStatement: (node, { replace }) => replace(node, ';'),
  ContinueStatement: (node, { replace }) => replace(node, ';'),
  ReturnStatement(node, { replace }) {
    if (node.argument === null) replace(node, ';');
  },
  AwaitExpression: (node, { replace, text }) => replace(node, text(node.argument)),
  BooleanLiteral: (node, { replace }) => replace(node, String(!node.value)),
  StringLiteral(node, { replace }) {
    if (!isProse(node.value)) replace(node, node.value === '' ? "'mutant'" : "''");
  },
  TemplateLiteral(node, { replace }) {
    if (!node.quasis.some(({ value }) => isProse(value.raw))) replace(node, '``');
  },
  ArrayExpression(node, { replace }) {
    if (node.elements.length > 0) replace(node, '[]');
  },
  ObjectExpression(node, { replace }) {
    if (node.properties.length > 0) replace(node, '{}');
  },
  OptionalMemberExpression(node, { optional }) {
    if (node.optional) optional(node.object, node.computed ? '' : '.');
  },
  OptionalCallExpression(node, { optional }) {
    if (node.optional) optional(node.callee, '');
  },
  CallExpression(node, { replace, text }) {
    const { callee } = node;
    if (callee.type !== 'MemberExpression' || callee.computed) return;
    const other = otherMethod.get(callee.property.name);
    if (other !== undefined) replace(callee.property, other);
    if (forgotten.has(callee.property.name)) replace(node, text(callee.object));
  },
};

const typesOnly = new Set([
  'typeAnnotation',
  'returnType',
  'typeParameters',
  'typeArguments',
  'superTypeParameters',
  'implements',
]);
const aroundValues = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSInstantiationExpression',
]);

/** What of a node is program: no types, no imports, no names of properties, and of an error only its code. */
function partsOf(node) {
  if (aroundValues.has(node.type)) return [node.expression];
  if (node.type.startsWith('TS') || node.type === 'ImportDeclaration') return [];
  if (node.type === 'ExportAllDeclaration' || node.exportKind === 'type') return [];
  if (node.type === 'ExportNamedDeclaration') return node.declaration ? [node.declaration] : [];
  if (node.type === 'NewExpression' && (node.callee.name ?? '').endsWith('Error'))
    return node.arguments.slice(0, 1);
  const skipKey = !node.computed && 'key' in node;
  return Object.entries(node).flatMap(([name, value]) => {
    if (typesOnly.has(name) || (name === 'key' && skipKey)) return [];
    return (Array.isArray(value) ? value : [value]).filter(
      (part) => typeof part?.type === 'string' && typeof part.start === 'number',
    );
  });
}

/**
 * @returns {{ file: string, start: number, end: number, to: string }[]} in the order of the source
 */
export function mutationsOf(file, source) {
  const { program } = parse(source, { sourceType: 'module', plugins: ['typescript'] });
  const found = [];
  const text = ({ start, end }) => source.slice(start, end);
  const at = (start, end, to) => {
    if (source.slice(start, end) !== to) found.push({ file, start, end, to });
  };
  const tools = {
    text,
    replace: (node, to) => at(node.start, node.end, to),
    between: (left, right, operator, to) => {
      const start = source.indexOf(operator, left.end);
      if (start >= 0 && start < right.start) at(start, start + operator.length, to);
    },
    optional: (node, to) => {
      const start = source.indexOf('?.', node.end);
      at(start, start + 2, to);
    },
  };
  const walk = (node) => {
    operators[node.type]?.(node, tools);
    partsOf(node).forEach(walk);
  };
  walk(program);
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}
