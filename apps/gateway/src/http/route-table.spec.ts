import { expect, test } from '@jest/globals';
import { RouteTable } from './route-table.js';

const table = new RouteTable();
table.add('GET', '/api/random');
table.add(['HEAD'], '/api/random');
table.add('GET', '/api/receipts/:index');
table.add('GET', '/log/tile/*');
table.add('OPTIONS', '/*');
table.add('OPTIONS', '*');

test.each([
  ['/api/random', ['GET', 'HEAD']],
  ['/api/Random', []],
  ['/api/receipts/7', ['GET']],
  ['/api/receipts/', []],
  ['/api/receipts/7/8', []],
  ['/log/tile/0/x001/234', ['GET']],
  ['/api/:random', []],
  ['/api/*', []],
  ['*', []],
  ['/*x', []],
  ['/a:b(((', []],
  ['/a:b(x+x+)+y', []],
  ['', []],
])('%s has %j', (path, methods) => {
  expect([...table.methodsOf(path)]).toEqual(methods);
});
