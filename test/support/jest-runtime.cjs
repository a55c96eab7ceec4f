/**
 * How the modules of a test file are loaded: our own anew for each file, as Jest does, those of others once for all
 * files of a worker, by Node itself. They are most of what a file loads.
 */
const { createRequire } = require('node:module');
const { isAbsolute, sep } = require('node:path');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');
const { default: Runtime } = require('jest-runtime');

/** fabric-contract-api prints a line for each decorator otherwise. */
process.env.CORE_CHAINCODE_LOGGING_LEVEL ??= 'CRITICAL';

/** It takes arrays of its own realm only. */
const STRICT = `${sep}shamir-secret-sharing${sep}`;

const isPackage = (path) => path.includes(`${sep}node_modules${sep}`) && !path.includes(STRICT);
const requireOnce = createRequire(__filename);

module.exports = class PackagesOnce extends Runtime {
  constructor(...args) {
    super(...args);
    const { esmLoader, cjsExportsCache } = this;
    const loadOwn = esmLoader.loadEsmModule.bind(esmLoader);
    esmLoader.loadEsmModule = (path, suffix) =>
      isPackage(path) ? loadPackage(path, esmLoader) : loadOwn(path, suffix);
    const exportsOfOwn = cjsExportsCache.getExportsOf.bind(cjsExportsCache);
    // what a loaded package exports is read off it
    cjsExportsCache.getExportsOf = (from, path) =>
      isPackage(path) ? new Set() : exportsOfOwn(from, path);
  }

  requireModule(from, name, options, isRequireActual) {
    const path = options?.isInternalModule ? undefined : this.packagePath(from, name);
    return path === undefined
      ? super.requireModule(from, name, options, isRequireActual)
      : requireOnce(path);
  }

  packagePath(from, name) {
    if (name === undefined || this._resolution.isCoreModule(name)) return undefined;
    const path = isAbsolute(name) ? name : this._resolution.resolveCjs(from, name);
    return isPackage(path) ? path : undefined;
  }
};

/** An ES module that Node has loaded, as one of the test's realm. */
function loadPackage(path, esmLoader) {
  const registry = esmLoader.registries.getActiveEsmRegistry();
  if (!registry.has(path)) registry.set(path, importOnce(path, esmLoader.getContext()));
  return registry.get(path);
}

async function importOnce(path, context) {
  const exported = await import(pathToFileURL(path).href);
  const module = new vm.SyntheticModule(
    Object.keys(exported),
    () => {
      for (const [name, value] of Object.entries(exported)) module.setExport(name, value);
    },
    { context, identifier: path },
  );
  await module.link(() => {});
  await module.evaluate();
  return module;
}
