/** One contract for both forms of each role: played here, and by another organisation's gateway. */
import { keyServerSuite } from '../../suites/key-server-suite.ts';
import { providerSuite } from '../../suites/provider-suite.ts';
import { newAuthorities, newInnerStage } from '../../support/inner-door.ts';
import { newKeyServer, testKeyServers } from '../../support/key-server.ts';

const authorities = newAuthorities();
const nothing = (): Promise<void> => Promise.resolve();

keyServerSuite('that is played here', async (keyServer) => ({ keyServer, close: nothing }));
keyServerSuite('of another organisation', async (keyServer) => {
  const announced = newKeyServer('Cedar', testKeyServers()[0].privateKey).record;
  return newInnerStage({ authorities: await authorities, keyServer, announced });
});

providerSuite('that is played here', async (provider) => ({ provider, close: nothing }));
providerSuite('of another organisation', async (provider) =>
  newInnerStage({ authorities: await authorities, provider }),
);
