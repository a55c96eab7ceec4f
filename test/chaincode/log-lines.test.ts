import '../support/fabric-shim.ts';
import shim from 'fabric-shim';
import { expect, it } from '@jest/globals';

it.each([
  ['fatal', []],
  ['info', ['started']],
  ['debug', ['started', 'asked for the state']],
])('at level %s a line that nobody wants is not even brought into form', (level, wanted) => {
  const logger = shim.newLogger('lib/handler.js');
  const formed: unknown[] = [];
  logger.level = level;
  logger.format = { transform: ({ message }) => formed.push(message) > 0 && false };
  logger.info('started');
  logger.debug('asked for the state');
  expect(formed).toEqual(wanted);
});
