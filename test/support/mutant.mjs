// `node --import <this>` with MUTANT={"file", "from", "to"}: changes one module of the product as it is loaded, so that a
// test can show that it would notice. A change that fits nowhere, or twice, ends the process.
import { register } from 'node:module';

register('./mutant-hooks.mjs', import.meta.url, { data: JSON.parse(process.env.MUTANT) });
