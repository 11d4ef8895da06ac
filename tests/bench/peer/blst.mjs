// @chainsafe/blst (native): makes the work of bls_bench in the file named, then does it: "blst.NAME microseconds".
// Usage: node blst.mjs WORK
import { writeFileSync } from 'node:fs';
import blst from '@chainsafe/blst';

const { SecretKey, PublicKey, Signature, aggregatePublicKeys, aggregateSignatures, fastAggregateVerify, verify } = blst;
const secrets = Array.from({ length: 512 }, (_, i) => SecretKey.fromKeygen(Buffer.alloc(32, 1 + (i % 255)), Buffer.from(`key ${i}`)));
const msg = Buffer.alloc(32, 7);
const keys = secrets.map((k) => k.toPublicKey());
const compressed = keys.map((k) => k.toBytes());
const sig = aggregateSignatures(secrets.map((k) => k.sign(msg))).toBytes();
const hex = (b) => Buffer.from(b).toString('hex');
writeFileSync(process.argv[2], `${[msg, sig, ...compressed].map(hex).join('\n')}\n`);

function best(runs, work) {
  let least = Infinity;
  for (let i = 0; i < runs; i += 1) {
    const start = process.hrtime.bigint();
    work();
    least = Math.min(least, Number(process.hrtime.bigint() - start) / 1e3);
  }
  return least;
}
const report = (name, runs, work) => console.log(`blst.${name} ${best(runs, work).toFixed(1)}`);
const must = (ok) => { if (!ok) throw new Error('blst refuses its own signature'); };
const whole = aggregatePublicKeys(keys);
// In parts, as bls_bench does: the best time of each part.
let total = 0;
for (let at = 0; at < compressed.length; at += 32) {
  const part = compressed.slice(at, at + 32);
  total += best(15, () => { for (const b of part) PublicKey.fromBytes(b, false); });
}
console.log(`blst.decompress_us ${total.toFixed(1)}`);
report('sum_us', 50, () => aggregatePublicKeys(keys));
// The signature is read and checked each time, as ours is.
report('kept_us', 30, () => must(verify(msg, whole, Signature.fromBytes(sig, true))));
report('verify_us', 30, () => must(fastAggregateVerify(msg, keys, Signature.fromBytes(sig, true))));
