/**
 * The contracts as `fabric-chaincode-node` starts them.
 *
 * @module
 */
import { dropUnwantedLines } from './log-lines.ts';

dropUnwantedLines();

export { contracts } from './index.ts';
