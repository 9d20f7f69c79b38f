/**
 * Writing an OCI layout, into a tar file or a folder, and the "dir" format of skopeo: a push whose destination is a file.
 *
 * @see image-spec image-layout.md; containers-transports(5) "dir:path"
 */
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../../host/atomic-write.ts';
import { namesIfThere } from '../../host/if-there.ts';
import { makeFolders } from '../../host/make-folders.ts';
import { SkiffError, isErrno, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestOf, hexOf } from '../../oci/ids.ts';
import { maxManifestBytes, parseManifestOrIndex, plainDescriptor } from '../../oci/manifest.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import { canonicalString } from '../../oci/reference.ts';
import type { Store } from '../../storage/index.ts';
import type { PushOptions, PushedImage } from '../push/push-image.ts';
import { pushImage } from '../push/push-image.ts';
import type { ImageTarget } from '../push/target.ts';
import type { SaveItem } from '../save.ts';
import { folderTarget, tarTarget, wholeBlob } from './blob-targets.ts';
import { blobName } from './blob-name.ts';
import type { Sink } from './tar-write.ts';
import { tarWriter } from './tar-write.ts';

const dirVersion = 'Directory Transport Version: 1.';
const layoutFile = '{"imageLayoutVersion": "1.0.0"}';
const refName = 'org.opencontainers.image.ref.name';

/** A manifest or index that is written already, and the names that it gets in index.json. */
export interface LayoutEntry { readonly pushed: PushedImage; readonly refNames: readonly string[] }

export async function writeOciArchive(store: Store, sink: Sink, items: readonly SaveItem[], options: PushOptions): Promise<PushedImage[]> {
  return writeLayoutArchive(store, sink, async (target) => pushItems(store, target, items, options));
}

/** A layout as a tar file: `write` puts manifests into the target and says what they are called. */
export async function writeLayoutArchive(store: Store, sink: Sink, write: (target: ImageTarget) => Promise<readonly LayoutEntry[]>): Promise<PushedImage[]> {
  const tar = tarWriter(sink);
  await tar.folder('blobs');
  await tar.folder('blobs/sha256');
  const entries = await write(tarTarget(store, tar, blobName));
  await tar.file('index.json', indexBytes(entries.flatMap(descriptorsOf)));
  await tar.file('oci-layout', Buffer.from(layoutFile));
  await tar.end();
  return entries.map(({ pushed }) => pushed);
}

export async function writeOciDir(store: Store, path: string, items: readonly SaveItem[], options: PushOptions): Promise<PushedImage[]> {
  return writeLayoutDir(path, async (target) => pushItems(store, target, items, options));
}

/** Adds to a layout that is there already; a name that it has moves to the new image. index.json is replaced last, in one step. */
export async function writeLayoutDir(path: string, write: (target: ImageTarget) => Promise<readonly LayoutEntry[]>): Promise<PushedImage[]> {
  const before = existingDescriptors(path);
  const entries = await write(folderTarget(path, blobName, ['blobs/sha256']));
  const descriptors = entries.flatMap(descriptorsOf);
  const names = new Set(descriptors.map(nameOf));
  const kept = before.filter((one) => (nameOf(one) === undefined ? !descriptors.some((two) => two.digest === one.digest) : !names.has(nameOf(one))));
  writeDocument(join(path, 'oci-layout'), Buffer.from(layoutFile));
  writeDocument(join(path, 'index.json'), indexBytes([...kept, ...descriptors]));
  return entries.map(({ pushed }) => pushed);
}

/**
 * A folder for an image is a new or an empty one, or has had an image before, as its version tells: that is written first, so that a push which
 * was ended can be made again.
 * @see containers/image directory/directory_dest.go, which refuses in the same words
 */
function claimFolder(path: string): void {
  try {
    const names = namesIfThere(path);
    if (names.length === 0) makeFolders(path);
    else if (!names.includes('version') || !readFileSync(join(path, 'version'), 'latin1').startsWith(dirVersion)) {
      throw new SkiffError('EXISTS', "not a containers image directory, don't want to overwrite important data");
    }
  } catch (error) {
    throw wrap(error, `write ${JSON.stringify(path)}`);
  }
  writeDocument(join(path, 'version'), Buffer.from(`${dirVersion}1\n`));
}

/** One image or one list, everything in one folder, blobs by their bare hex. `isList`: manifests of its images are kept beside them. */
export async function writeDirTransport(path: string, write: (target: ImageTarget) => Promise<PushedImage>, isList = false): Promise<PushedImage> {
  claimFolder(path);
  const target = folderTarget(path, hexOf, ['.']);
  const manifests = isList ? folderTarget(path, (digest) => `${hexOf(digest)}.manifest.json`, ['.']) : undefined;
  const pushed = await write({ ...target, putManifest: async (raw) => (await manifests?.putBlob(wholeBlob(raw)))?.digest ?? digestOf(raw) });
  writeDocument(join(path, 'manifest.json'), pushed.raw);
  return pushed;
}

async function pushItems(store: Store, target: ImageTarget, items: readonly SaveItem[], options: PushOptions): Promise<LayoutEntry[]> {
  const entries: LayoutEntry[] = [];
  for (const { image, names, refNames } of items) {
    entries.push({ pushed: await pushImage(store, target, image, options), refNames: refNames ?? names.map(canonicalString) });
  }
  return entries;
}

/** One image under several names has a descriptor for each. */
function descriptorsOf({ pushed: { digest, raw, mediaType }, refNames }: LayoutEntry): Descriptor[] {
  const plain: Descriptor = { mediaType, digest, size: raw.length };
  return refNames.length === 0 ? [plain] : refNames.map((name) => ({ ...plain, annotations: { [refName]: name } }));
}

function writeDocument(path: string, bytes: Uint8Array): void {
  try {
    writeFileAtomic(path, bytes, { mode: 0o644 });
  } catch (error) {
    throw wrap(error, `write ${JSON.stringify(path)}`);
  }
}

function existingDescriptors(path: string): readonly Descriptor[] {
  let raw: Buffer;
  try {
    raw = readFileSync(join(path, 'index.json'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw wrap(error, `read ${JSON.stringify(path)}`);
  }
  if (raw.length > maxManifestBytes) throw wrap(new Error('index.json is too large'), `read ${JSON.stringify(path)}`);
  const { value } = parseManifestOrIndex(raw);
  return value.kind === 'index' ? value.manifests : [];
}

function nameOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[refName];
}

function indexBytes(descriptors: readonly Descriptor[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: descriptors.map(plainDescriptor) }));
}
