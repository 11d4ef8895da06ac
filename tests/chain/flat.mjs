// A JSON file as lines that a shell can read: path=value, text without quotes.
// usage: node flat.mjs FILE
import fs from 'node:fs';

export function flatten(value, path = '', out = new Map()) {
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value);
    out.set(path, Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`);
    for (const [key, member] of entries) flatten(member, path ? `${path}.${key}` : key, out);
  } else {
    out.set(path, String(value));
  }
  return out;
}

if (process.argv[1].endsWith('flat.mjs')) {
  for (const [path, value] of flatten(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')))) {
    console.log(`${path}=${value.replaceAll('\n', ' ')}`);
  }
}
