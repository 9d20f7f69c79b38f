/**
 * The store driven from outside, without the commands around it: run by tests as `skiff unshare node storage-driver.js VERB …`,
 * so that it stands in the user namespace as a command of skiff would. Prints JSON (or a tar).
 */
import { closeSync, createReadStream, openSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parseChainID, parseContainerID, parseDiffID, parseDigest } from '../../src/oci/ids.ts';
import { SkiffError } from '../../src/lib/errors.ts';
import { applyLayer, applyLayers } from '../../src/storage/apply-layer.ts';
import { checkLayerContent, checkStore } from '../../src/storage/check.ts';
import { containerMount, createContainerLayer, removeContainerLayer } from '../../src/storage/container-layers.ts';
import { containerChanges, diffTar, layerGzip, layerTar } from '../../src/storage/export-layer.ts';
import { deleteLayers, sweep } from '../../src/storage/gc.ts';
import { rebuildLinks } from '../../src/storage/layer-dir.ts';
import { cacheIDs, listLayers } from '../../src/storage/layerdb.ts';
import { changeStore } from '../../src/storage/store-lock.ts';
import { openStore } from '../../src/storage/store.ts';
import { mountOverlay } from '../../src/host/mounts.ts';
import { run } from '../../src/host/run.ts';

const [verb = '', root = '', ...args] = process.argv.slice(2);
const store = openStore(root);

async function main(): Promise<unknown> {
  switch (verb) {
    // apply ROOT FILE [PARENT]; with "-" as FILE standard input
    case 'apply': {
      const fd = args[0] === '-' ? 0 : openSync(args[0] ?? '', 'r');
      return applyLayer(store, { parent: args[1] === undefined || args[1] === '' ? undefined : parseChainID(args[1]), source: fd });
    }
    case 'apply-stream': return applyLayer(store, { parent: undefined, source: createReadStream(args[0] ?? '') });
    case 'apply-expecting': {
      const fd = openSync(args[0] ?? '', 'r');
      return applyLayer(store, {
        parent: undefined, source: fd,
        expectedDiffID: args[1] === '' || args[1] === undefined ? undefined : parseDiffID(args[1]),
        expectedDigest: args[2] === undefined ? undefined : parseDigest(args[2]),
      });
    }
    // apply-all ROOT FILE=DIFFID …, base layer first
    case 'apply-all': return applyLayers(store, undefined, args.map((arg) => {
      const [file = '', diffID = ''] = arg.split('=');
      return { open: () => openSync(file, 'r'), expectedDiffID: parseDiffID(diffID) };
    }));
    case 'layer': await pipeline(layerTar(store, parseChainID(args[0])), process.stdout); return undefined;
    case 'layer-gzip': await pipeline(layerGzip(store, parseChainID(args[0])), process.stdout); return undefined;
    case 'layers': return { layers: listLayers(store), folders: Object.fromEntries(listLayers(store).map((id) => [id, cacheIDs(store, id)])) };
    // A record here stands for a container's, whatever becomes of the layers.
    case 'check': return { problems: [...checkStore(store).filter(({ what }) => what !== 'container'), ...(await Promise.all(listLayers(store).map((id) => checkLayerContent(store, id)))).flat()] };
    case 'sweep': return { swept: sweep(store) ?? null };
    case 'delete': return changeStore(store, () => deleteLayers(store, parseChainID(args[0])));
    case 'rebuild-links': rebuildLinks(store); return {};
    case 'container': return changeStore(store, () => {
      createContainerLayer(store, parseContainerID(args[0]), args[1] === undefined ? undefined : parseChainID(args[1]));
      return containerMount(store, parseContainerID(args[0]));
    });
    case 'remove-container': removeContainerLayer(store, parseContainerID(args[0])); return {};
    case 'diff': await pipeline(diffTar(store, parseContainerID(args[0])), process.stdout); return undefined;
    case 'changes': return containerChanges(store, parseContainerID(args[0]));
    // in ROOT ID SCRIPT: the script in the container's mounted root (not in a container)
    case 'in': {
      const mount = containerMount(store, parseContainerID(args[0]));
      mountOverlay(mount);
      const done = await run(['/bin/sh', '-ec', args[1] ?? ''], { cwd: mount.target, stderr: 'inherit' });
      return { exitCode: done.exitCode, stdout: done.stdout.toString() };
    }
    default: throw new Error(`unknown verb ${verb}`);
  }
}

try {
  const result = await main();
  if (result !== undefined) process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  if (!(error instanceof SkiffError)) throw error;
  process.stderr.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`);
  process.exitCode = 1;
} finally {
  if (args[0] === '-') closeSync(0);
}
