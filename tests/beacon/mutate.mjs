// Copies of a bundle with one hex digit of its beacon answers changed, each at another place; or with other hints.
// usage: node mutate.mjs BUNDLE FOLDER HOW-MANY      FOLDER/N.json
//        node mutate.mjs BUNDLE FILE hints-wrong|hints-swapped|hints-foreign|hints-huge|hints-short|hints-gone|no-beacon
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const [file, to, how] = process.argv.slice(2);
const bundle = JSON.parse(fs.readFileSync(file, 'utf8'));
const flip = (hex, at) => hex.slice(0, at) + (parseInt(hex[at], 16) ^ 1).toString(16) + hex.slice(at + 1);

const HINTS = {
  'hints-wrong': (list) => list.map((one) => ({ ...one, y: flip(one.y, 41) })),
  'hints-swapped': (list) => list.map((one) => ({ ...one, y: one.y.slice(96, 192) + one.y.slice(0, 96) + one.y.slice(192) })),
  'hints-foreign': (list) => list.map((one, i) => ({ keys_sha256: crypto.createHash('sha256').update(String(i)).digest('hex'), y: one.y })),
  'hints-huge': (list) => list.map((one) => ({ ...one, y: 'ff'.repeat(one.y.length / 2) })),
  'hints-short': (list) => list.map((one) => ({ ...one, y: one.y.slice(96) })),
  'hints-zero': (list) => list.map((one) => ({ ...one, y: '00'.repeat(one.y.length / 2) })),
  'hints-gone': () => [],
};

if (HINTS[how]) {
  if (!bundle.committee_keys?.length) throw new Error('the bundle has no hints');
  fs.writeFileSync(to, JSON.stringify({ ...bundle, committee_keys: HINTS[how](bundle.committee_keys) }));
} else if (how === 'no-beacon') {
  const { beacon, ...rest } = bundle;
  fs.writeFileSync(to, JSON.stringify(rest));
} else {
  const total = bundle.beacon.reduce((sum, { ssz }) => sum + ssz.length, 0);
  fs.mkdirSync(to, { recursive: true });
  for (let i = 0; i < Number(how); i += 1) {
    let at = Math.floor((total * (i + 0.5)) / Number(how));
    const beacon = bundle.beacon.map((entry) => {
      const here = at;
      at -= entry.ssz.length;
      return here >= 0 && here < entry.ssz.length ? { ...entry, ssz: flip(entry.ssz, here) } : entry;
    });
    fs.writeFileSync(path.join(to, `${i}.json`), JSON.stringify({ ...bundle, beacon }));
  }
}
