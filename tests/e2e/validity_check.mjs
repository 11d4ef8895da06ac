// Holds the periods of an explanation (or a verdict) against OpenSSL's reading of the certificates and CRLs, and the documents' own dates.
//   node validity_check.mjs JSON BUNDLE ANCHOR [CHECKPOINT MAX-AGE HEAD MAX-AGE]
// ANCHOR: what vouches for the documents, "null" where nothing does; CHECKPOINT, HEAD: Unix seconds, "-": not there; MAX-AGE 0: none.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';

const [file, bundleFile, anchor, checkpoint = '-', checkpointAge, head = '-', headAge] = process.argv.slice(2);
const j = JSON.parse(fs.readFileSync(file, 'utf8')), bundle = JSON.parse(fs.readFileSync(bundleFile, 'utf8'));
const periods = j.validity?.periods ?? j.time.periods, wrong = [];
const iso = (t) => new Date(t).toISOString().replace('.000Z', 'Z');
const want = [];
const expect = (what, from, until) => { if (!want.some((w) => w.what === what && w.from === from && w.until === until)) want.push({ what, from, until }); };
function chain(pem, first) {
  const certs = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g).map((p) => new X509Certificate(p));
  certs.forEach((c, i) => expect(i === 0 ? first : i === certs.length - 1 ? 'root certificate' : 'PCK CA certificate', iso(c.validFrom), iso(c.validTo)));
}
function crl(hex, what) {
  const text = execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', '-lastupdate', '-nextupdate'], { input: Buffer.from(hex, 'hex') }).toString();
  const [from, until] = ['lastUpdate', 'nextUpdate'].map((k) => iso(new RegExp(`${k}=(.*)`).exec(text)[1]));
  expect(what, from, until);
}
const c = bundle.collateral, quote = Buffer.from(bundle.evidence.quote, 'hex').toString('latin1');
const tcb = JSON.parse(c.tcb_info), qe = JSON.parse(c.qe_identity);
chain(quote, 'PCK certificate');
chain(c.pck_crl_issuer_chain, 'PCK CA certificate');
chain(c.tcb_info_issuer_chain, 'TCB info signing certificate');
chain(c.qe_identity_issuer_chain, 'QE identity signing certificate');
expect('TCB info', iso(tcb.issueDate), iso(tcb.nextUpdate));
expect('QE identity', iso(qe.issueDate), iso(qe.nextUpdate));
crl(c.root_ca_crl, 'root CRL');
crl(c.pck_crl, 'PCK CRL');
const documents = want.length;
const newest = want.map((w) => w.from).sort().pop(), first = want.map((w) => w.until).sort()[0];
const aged = (what, at, age) => { if (at !== '-') want.push({ what, from: iso(Number(at) * 1000), until: Number(age) ? iso((Number(at) + Number(age)) * 1000) : null }); };
aged('checkpoint', checkpoint, checkpointAge);
aged('head of the chain', head, headAge);
const together = periods.filter((p) => p.what === 'documents together'), others = periods.filter((p) => p.what !== 'documents together');
others.forEach((p, i) => {
  const k = want.findIndex((w) => w.what === p.what && w.from === p.from && w.until === p.until);
  if (k < 0) wrong.push(`nobody else has ${JSON.stringify(p)}`);
  if (i < documents && String(p.anchor) !== anchor) wrong.push(`${p.what} is vouched for by ${p.anchor}`);
  if (i >= documents && typeof p.anchor !== 'string') wrong.push(`${p.what} rests on nothing`);
});
for (const w of want) if (!others.some((p) => w.what === p.what && w.from === p.from && w.until === p.until)) wrong.push(`lacks ${JSON.stringify(w)}`);
if (others.length !== want.length) wrong.push(`${others.length} periods, not ${want.length}`);
if (anchor !== 'null' && j.validity && !(together.length === 1 && together[0].from === newest && together[0].until === first && want.some((w) => w.what === together[0].until_what && w.until === first)))
  wrong.push(`together: ${JSON.stringify(together)}, not ${newest} to ${first}`);
if (anchor === 'null' && together.length) wrong.push('together, and nothing is authentic');
if (wrong.length) { console.error(wrong.slice(0, 6).join('\n')); process.exit(1); }
