// Copies of a bundle with one hex digit of its recorded chain answers changed, each at another place.
// usage: node mutate.mjs BUNDLE FOLDER HOW-MANY
import fs from 'node:fs';
import path from 'node:path';

const [file, folder, many] = process.argv.slice(2);
const bundle = JSON.parse(fs.readFileSync(file, 'utf8'));
/// Every hex text of the answers' results, with how to replace it.
const places = [];
function walk(holder) {
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value === 'string' && /^0x[0-9a-f]+$/.test(value)) places.push({ holder, key });
    else if (value !== null && typeof value === 'object') walk(value);
  }
}
for (const entry of bundle.rpc) {
  if (typeof entry.result === 'string') places.push({ holder: entry, key: 'result' });
  else if (entry.result) walk(entry.result);
}
const total = places.reduce((sum, { holder, key }) => sum + holder[key].length - 2, 0);
fs.mkdirSync(folder, { recursive: true });
for (let i = 0; i < Number(many); i += 1) {
  let at = Math.floor((total * (i + 0.5)) / Number(many));
  const place = places.find(({ holder, key }) => {
    const digits = holder[key].length - 2;
    if (at < digits) return true;
    at -= digits;
    return false;
  });
  const { holder, key } = place;
  const kept = holder[key];
  const digit = (parseInt(kept[at + 2], 16) ^ (1 << (i % 4))).toString(16);
  holder[key] = kept.slice(0, at + 2) + digit + kept.slice(at + 3);
  fs.writeFileSync(path.join(folder, `${i}-${key}.json`), JSON.stringify(bundle));
  holder[key] = kept;
}
