/**
 * Runs AVA for one or more suites and reports for people and for machines: a mark a test, failures whole, the table of
 * what was skipped and why, and a closing line "N passed, N failed, N skipped".
 *
 *   node build/test/helpers/run-tests.js unit
 *   node build/test/helpers/run-tests.js integration [NAME-PART...]
 *
 * Unit tests run side by side; integration tests one file at a time, since they share the machine.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from './world.ts';

const [suite = 'unit', ...parts] = process.argv.slice(2);
const top = projectRoot();
const out = process.stdout;

function testFiles(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? testFiles(path) : name.endsWith('.test.js') ? [path] : [];
  });
}

const buildDir = join(top, process.env['SKIFF_TEST_BUILD'] ?? 'build');
const all = testFiles(join(buildDir, 'test', suite)).toSorted();
const files = parts.length === 0 ? all : all.filter((file) => parts.some((part) => file.includes(part)));
if (files.length === 0) {
  process.stderr.write(`no test file of suite "${suite}" matches ${parts.join(' ')}\n`);
  process.exit(1);
}

const scratch = mkdtempSync(join(tmpdir(), 'skiff-tests-'));
const skips = join(scratch, 'skips.jsonl');
const serial = suite === 'unit' ? [] : ['--serial', '--concurrency', '1'];
const child = spawn(process.execPath, [join(top, 'node_modules', 'ava', 'entrypoints', 'cli.mjs'), '--tap', '--timeout', '10m', ...serial, ...files], {
  cwd: top,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, SKIFF_TEST_SKIPS: skips, NODE_EXTRA_CA_CERTS: '' },
});

let passed = 0;
let failed = 0;
let showing = false;
let last = 'none';
for await (const line of createInterface({ input: child.stdout })) {
  const verdict = /^(not )?ok \d+ - (.*)$/.exec(line);
  if (verdict !== null) {
    const [, not, title = ''] = verdict;
    showing = not !== undefined;
    last = title;
    if (showing) failed++;
    else passed++;
    out.write(`${showing ? 'FAIL' : 'ok  '} ${title}\n`);
  } else if (showing && !/^\d+\.\.\d+$/.test(line)) {
    out.write(`${line}\n`);
  } else if (/^\s*# SKIPPED/.test(line)) {
    out.write(`${line}\n`);
  }
}
const code = await new Promise<number>((resolve) => { child.on('close', (status) => { resolve(status ?? 1); }); });

let skipped = 0;
if (existsSync(skips)) {
  const rows = readFileSync(skips, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { test: string; need: string; reason: string });
  skipped = rows.length;
  out.write('\nSkipped:\n');
  for (const row of rows) out.write(`  ${row.test}\n      needs ${row.need}: ${row.reason}\n`);
}
rmSync(scratch, { recursive: true, force: true });
if (code !== 0 && failed === 0) {
  // AVA does not name a test that hangs.
  out.write(`the test runner ended with ${code}; the last test to end: ${last}\n`);
  failed = 1;
}
out.write(`\n${suite}:\n${passed - skipped} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
