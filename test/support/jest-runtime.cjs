/**
 * How the modules of a test file are loaded: our own anew for each file, as Jest does, those of others once for all
 * files of a worker, by Node itself. They are most of what a file loads.
 */
const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');
const { default: Runtime } = require('jest-runtime');

/** fabric-contract-api prints a line for each decorator otherwise. */
process.env.CORE_CHAINCODE_LOGGING_LEVEL ??= 'CRITICAL';

/** It takes arrays of its own realm only. */
const STRICT = `${path.sep}shamir-secret-sharing${path.sep}`;

const isPackage = (file) =>
  file.includes(`${path.sep}node_modules${path.sep}`) && !file.includes(STRICT);
const requireOnce = createRequire(__filename);

module.exports = class PackagesOnce extends Runtime {
  constructor(...args) {
    super(...args);
    const { esmLoader, cjsExportsCache } = this;
    const loadOwn = esmLoader.loadEsmModule.bind(esmLoader);
    esmLoader.loadEsmModule = (file, suffix) =>
      isPackage(file) ? loadPackage(file, esmLoader) : loadOwn(file, suffix);
    const exportsOfOwn = cjsExportsCache.getExportsOf.bind(cjsExportsCache);
    // what a loaded package exports is read off it
    cjsExportsCache.getExportsOf = (from, file) =>
      isPackage(file) ? new Set() : exportsOfOwn(from, file);
  }

  requireModule(from, name, options, isRequireActual) {
    const file = options?.isInternalModule ? undefined : this.fileOfPackage(from, name);
    return file === undefined
      ? super.requireModule(from, name, options, isRequireActual)
      : requireOnce(file);
  }

  fileOfPackage(from, name) {
    if (name === undefined || this._resolution.isCoreModule(name)) return undefined;
    const file = path.isAbsolute(name) ? name : this._resolution.resolveCjs(from, name);
    return isPackage(file) ? file : undefined;
  }
};

/** An ES module that Node has loaded, as one of the test's realm. */
function loadPackage(file, esmLoader) {
  const registry = esmLoader.registries.getActiveEsmRegistry();
  if (!registry.has(file)) registry.set(file, importOnce(file, esmLoader.getContext()));
  return registry.get(file);
}

async function importOnce(file, context) {
  const exported = await import(pathToFileURL(file).href);
  const module = new vm.SyntheticModule(
    Object.keys(exported),
    () => {
      for (const [name, value] of Object.entries(exported)) module.setExport(name, value);
    },
    { context, identifier: file },
  );
  await module.link(() => {});
  await module.evaluate();
  return module;
}
