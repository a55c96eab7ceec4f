/**
 * The command line: which commands and options there are, and what becomes of their outcome.
 *
 * @module
 */
import { Command, CommanderError, Option } from 'commander';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { audit, parseBlocks, type AuditCommandOptions } from './audit.ts';
import { DEFAULT_GATEWAY, newContext, type CommonOptions, type Context } from './context.ts';
import { get } from './get.ts';
import { init } from './init.ts';
import { ls } from './ls.ts';
import { newOutput, printError, tellError } from './output.ts';
import { pin, type PinCommandOptions } from './pin.ts';
import { put, type PutOptions } from './put.ts';
import { recover, type RecoverOptions } from './recover.ts';
import { status } from './status.ts';
import { Interrupted, type Terminal } from './terminal.ts';

type Run<O> = (context: Context, options: O, argument: string) => Promise<number>;

/**
 * Runs one command.
 *
 * @param argv - without the program's own name.
 * @returns the exit code.
 */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exit = 0;
  let next: string | undefined;
  let sentPercent: number | undefined;
  const isJson = argv.includes('--json');

  /** What a command's action does around the command itself. */
  const action =
    <O extends CommonOptions>(run: Run<O>) =>
    async (...given: unknown[]): Promise<void> => {
      const options = given.at(-2) as O;
      const argument = typeof given[0] === 'string' ? given[0] : '';
      const output = newOutput(terminal, options);
      const context = newContext(terminal, output, options);
      try {
        exit = await untilInterrupted(run(context, options, argument));
      } catch (error) {
        next = context.next;
        sentPercent = output.sentPercent();
        throw error;
      } finally {
        output.rest();
      }
    };

  const program = newProgram(terminal, isJson, action);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exit;
  } catch (error) {
    const refused = refusalOf(error);
    if (refused === undefined) return 0;
    const told = tellError(refused, next, sentPercent);
    printError(terminal, isJson, told);
    return told.exit;
  }
}

type Action = <O extends CommonOptions>(run: Run<O>) => (...given: unknown[]) => Promise<void>;

function newProgram({ stdout }: Terminal, isJson: boolean, action: Action): Command {
  const program = new Command('holdfast')
    .description('Keeps files for owners who trust nobody with them.')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void (isJson || stdout.write(text)),
      writeErr: () => undefined, // our own three lines say it
    });
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void stdout.write(text),
        writeErr: () => undefined,
      })
      .option('--gateway <url>', `address of a gateway (HOLDFAST_GATEWAY, ${DEFAULT_GATEWAY})`)
      .option('--json', 'one JSON object a line')
      .option('-v, --verbose', 'ids, roots and transactions as well');

  command('init', 'make an owner on this device')
    .option('--consortium <number>', 'refuse any consortium but this one')
    .action(action<CommonOptions & { consortium?: string }>(init));
  command('put', 'seal a file here and store it; run again to continue')
    .argument('<file>')
    .option('--name <name>', 'how to call it')
    .addOption(new Option('--block-size <KiB>', 'bytes of a block').choices(['64', '256']))
    .action(
      action<CommonOptions & PutOptions>((context, options, file) => put(context, file, options)),
    );
  command('get', 'fetch a file, every block verified')
    .argument('<file>', 'its name, or the first digits of its id')
    .option('-o, --output <path>', 'where to write it')
    .option('-f, --force', 'replace what is there')
    .action(
      action<CommonOptions & { output?: string; force?: boolean }>((context, options, file) =>
        get(context, file, options),
      ),
    );
  command('ls', 'list your files')
    .option('--check', 'exit with 3 where something needs a look')
    .action(action<CommonOptions & { check?: boolean }>(ls));
  command('status', 'how a file stands')
    .argument('<file>', 'its name, or the first digits of its id')
    .action(action<CommonOptions>((context, _options, file) => status(context, file)));
  command('audit', 'have a file proved now')
    .argument('<file>', 'its name, or the first digits of its id')
    .option('--node <name>', 'the node that must answer')
    .option('--blocks <count>', 'how many blocks, or all', parseBlocks)
    .action(
      action<CommonOptions & AuditCommandOptions>((context, options, file) =>
        audit(context, file, auditOptions(options)),
      ),
    );
  command('recover', 'get everything back from 24 words')
    .option('-o, --output <folder>', 'fetch all files into it')
    .option('--phrase-file <path>', 'file with the words, - for standard input')
    .option('--consortium <number>', 'refuse any consortium but this one')
    .action(action<CommonOptions & RecoverOptions>(recover));
  command('pin', 'trust an organisation that joined later; without its name: tell whom you trust')
    .argument('[organisation]')
    .option('--fingerprint <digits>', 'SHA-256 of its root certificate, from its operator')
    .action(
      action<CommonOptions & PinCommandOptions>((context, options, mspId) =>
        pin(context, mspId, options),
      ),
    );
  return program;
}

/** Of all options, those that the audit itself takes. */
const auditOptions = ({ node, blocks }: AuditCommandOptions): AuditCommandOptions => ({
  ...(node === undefined ? {} : { node }),
  ...(blocks === undefined ? {} : { blocks }),
});

/** @returns undefined where help or the version was asked for. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.exitCode === 0) return undefined;
  const said = error.message.replace(/^error: /, '').trim();
  const detail = error.code === 'commander.help' ? 'no command was given: holdfast --help' : said;
  return new HoldfastError('INPUT_INVALID', detail);
}

/** Ends with the work, or with Ctrl-C; what is durable by then stays. */
async function untilInterrupted(work: Promise<number>): Promise<number> {
  let stop = (): void => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => reject(new Interrupted());
    process.once('SIGINT', stop);
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    process.off('SIGINT', stop);
    work.catch(() => undefined); // it is abandoned with the process
  }
}
