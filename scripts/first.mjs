/**
 * The first thing that runs, on any Node: refuses one that is too old, then runs scripts/<command>.mjs.
 * An error that a person can act on is printed as its sentence; any other with its stack.
 */
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Holdfast needs Node 20.19 or newer, and this is ${process.versions.node}. Install a newer one, then run the same command.\n`,
  );
  process.exit(2);
}
import(`./${process.argv[2]}.mjs`).catch((error) => {
  process.stderr.write(`${error instanceof Error && error.exit ? error.message : error.stack}\n`);
  process.exit(error?.exit ?? 1);
});
