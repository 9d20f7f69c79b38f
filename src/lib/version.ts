/** The product's version; compared with package.json by test/unit/lib/version.test.ts. A constant, so that `--version` reads no file. */
export const version = '0.1.0';
