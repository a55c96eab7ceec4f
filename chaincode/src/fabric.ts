/** fabric-contract-api is CommonJS and hides its decorators from ESM named imports; they are re-exported here. */
import api from 'fabric-contract-api';

export const { Contract, Info, Returns, Transaction } = api;
// A value, not a type: the metadata that decorators emit needs the class.
export { Context } from 'fabric-contract-api';
