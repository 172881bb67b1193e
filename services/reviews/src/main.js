// The command line: serve (the default), work, migrate, seed, openapi, version.
import { configured, document, plan, serve, work } from './service.js';
import { versionFrom } from './shop/config.js';
import { migrateWhenThere } from './shop/migrate.js';
import { log, told } from './shop/log.js';
import { seed } from './seed.js';

/** Runs until it is told to stop. */
async function live(start) {
  // Listened for from the beginning: a signal that comes while it starts is no crash.
  const signal = new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => resolve(name));
  });
  const running = await start();
  log.info('stopping', { signal: await signal });
  // A second signal ends at once.
  for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => process.exit(1));
  const all = await running.stop();
  log.info('stopped', { all });
  return all ? 0 : 1;
}

const commands = {
  serve: () => live(() => serve(configured(process.env))),
  work: () => live(() => work(configured(process.env, true))),
  async migrate() {
    const config = configured(process.env);
    await migrateWhenThere(config, plan);
    if (config.sample) await seed(config);
    return 0;
  },
  async seed() {
    await seed(configured(process.env));
    return 0;
  },
  async openapi() {
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  },
  async version() {
    process.stdout.write(`${versionFrom(process.env)}\n`);
    return 0;
  },
};

const [name = 'serve'] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  process.stderr.write(`reviews: there is no command ${name}, only ${Object.keys(commands).join(', ')}\n`);
  process.exit(2);
}
let code = 1;
try {
  code = await command();
} catch (error) {
  log.error(`${name} failed`, told(error));
}
process.exit(code); // what is open to a server that vanished would keep the process
