// Writes FILE.br and FILE.gz beside every file of a folder that compresses well, where they are not there yet. The
// server sends them as they are: compressed once, as small as can be, and not on each request.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const folder = process.argv[2];
for (const name of readdirSync(folder, { recursive: true })) {
  const file = join(folder, name);
  if (!/\.(css|html|js|json|svg|txt|wasm|webmanifest)$/.test(name) || statSync(file).size < 512) continue;
  if (existsSync(`${file}.br`)) continue;
  const bytes = readFileSync(file);
  writeFileSync(`${file}.br`, brotliCompressSync(bytes)); // Level 11, by default.
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}
