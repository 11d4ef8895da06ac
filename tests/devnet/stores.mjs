// What may stand in the store instead of what the program wrote there. All of it must be found out, and the decision
// be the same as without a store.
import fs from 'node:fs';
import path from 'node:path';

/// A byte of another value, in the same class where there is one: the text stays JSON more often.
function flip(byte) {
  const text = String.fromCharCode(byte);
  if (/[0-9a-f]/.test(text)) return text === '7' ? 0x38 : 0x37;
  return byte ^ 1;
}

/// Of the text of beacon.json: {name, content, silent}, or {name, place}: a function that puts something else at that
/// path. silent: the verdict need not say that the store was left out.
export function corruptions(text) {
  const out = [];
  const put = (name, content, silent = false) => out.push({ name, content, silent });
  // A wrong hint only costs time, and an answer under another path is one that nobody asked for.
  const hints = text.indexOf('"committee_keys"');
  const passedOver = (at) => at >= hints || text.subarray(0, at).toString('latin1').split('\n').at(-1).includes('"path"');
  for (const part of [1, 10, 50, 90, 99]) put(`cut at ${part} %`, text.subarray(0, Math.floor((text.length * part) / 100)));
  for (let i = 0; i < 24; i += 1) {
    const at = Math.floor((text.length * (2 * i + 1)) / 48);
    const content = Buffer.from(text);
    content[at] = flip(content[at]);
    put(`byte ${at} flipped`, content, passedOver(at));
  }
  put('empty', Buffer.alloc(0), true);
  put('zeros', Buffer.alloc(4096));
  put('noise', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 167 + (i >> 3) * 29) & 255)));
  put('deep', Buffer.from('['.repeat(100_000)));
  put('20 MB of spaces', Buffer.alloc(20_000_000, 0x20));
  put('not an object', Buffer.from('[]'));
  put('another schema', Buffer.from('{"schema":2,"beacon":[]}'));
  put('no answers', Buffer.from('{"schema":1,"beacon":[]}'));
  put('answers that are none', Buffer.from('{"schema":1,"beacon":[{"path":"/eth/v1/beacon/light_client/finality_update","result":null}]}'));
  put('twice', Buffer.concat([text, text]));
  out.push({ name: 'a directory', place: (file) => fs.mkdirSync(file) });
  out.push({ name: 'a link to nowhere', place: (file) => fs.symlinkSync('/nowhere/at/all', file) });
  out.push({ name: 'a device', place: (file) => fs.symlinkSync('/dev/zero', file) });
  return out;
}

/// Stores that are well-formed, but of another world.
export function foreignStores(kept, vectors, tally) {
  const out = [];
  const put = (name, beacon, silent = false) => out.push({ name, silent, content: Buffer.from(JSON.stringify({ ...kept, beacon })) });
  const base = '/eth/v1/beacon/light_client';
  const { beacon } = kept;
  put('answers in reverse', [...beacon].reverse(), true);
  put('paths exchanged', beacon.map((entry, i) => ({ ...entry, path: beacon[(i + 1) % beacon.length].path })));
  beacon.forEach((entry, i) => put(`without ${entry.path.slice(base.length, base.length + 16)}`, beacon.filter((_, j) => j !== i),
    !entry.path.includes('/bootstrap/')));

  const file = path.join(vectors, 'contracts/capella-devnet/lc-live.json');
  if (!fs.existsSync(file)) {
    tally.skip(2, `no vectors at ${vectors}, so no recording of another chain`);
    return out;
  }
  const live = JSON.parse(fs.readFileSync(file, 'utf8'));
  const theirs = [
    { path: `${base}/bootstrap/${live.bootstrapRoot}`, result: live.bootstrap },
    { path: `${base}/updates?start_period=0&count=1`, result: live.updates },
    { path: `${base}/finality_update`, result: live.finality },
    { path: `${base}/optimistic_update`, result: live.optimistic },
  ];
  put('of another chain', theirs);
  const ours = beacon.find((entry) => entry.path.includes('/bootstrap/'));
  put('of another chain, under our checkpoint', theirs.map((entry, i) => (i === 0 && ours ? { ...entry, path: ours.path } : entry)));
  return out;
}

/// Of floor.json: a floor that can't be read is none, nor is one of another network. It never makes a no of a yes, but
/// where it stands above what is proven.
export function floors(kept) {
  const far = { ...kept, slot: 2 ** 40 };
  const out = [];
  const put = (name, content) => out.push({ name, content: Buffer.from(content) });
  put('empty', '');
  put('cut', JSON.stringify(far).slice(0, -1));
  put('of another network', JSON.stringify({ ...far, genesis_validators_root: '77'.repeat(32) }));
  put('without a network', JSON.stringify({ slot: far.slot }));
  put('negative', JSON.stringify({ ...kept, slot: -1 }));
  put('a text', JSON.stringify({ ...kept, slot: String(far.slot) }));
  put('with more members', JSON.stringify({ ...far, more: 1 }));
  put('large', JSON.stringify(far) + ' '.repeat(10_000));
  return out;
}
