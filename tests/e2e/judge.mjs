// Judges the cases that gate_e2e.sh ran: FOLDER/N-NAME/{expect, status, out, err}.
// expect: first line the exit status (alternatives with |), then one expectation a line:
//   path=value   path~part of the value   path@file (equal to that JSON)   !path (absent)   text~part (of the raw output)
//   yes=true|false: the decision, under whichever name the verdict's kind gives it
// Whatever was expected, a verdict must be there on standard output, one JSON object, unless a line says `no verdict`;
// and a sanitizer must have had nothing to say.
// usage: node judge.mjs FOLDER SKIPPED
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { flatten } from '../chain/flat.mjs';

const [folder, skipped] = process.argv.slice(2);
const read = (name, file) => fs.readFileSync(path.join(folder, name, file), 'utf8');

function complaints(name) {
  const [statuses, ...lines] = read(name, 'expect').trimEnd().split('\n');
  const status = read(name, 'status').trim();
  const out = read(name, 'out');
  const err = read(name, 'err');
  const found = [];
  if (!statuses.split('|').includes(status)) found.push(`exit status ${status}, expected ${statuses}`);
  if (/Sanitizer|runtime error:/.test(err)) found.push(`sanitizer: ${err.split('\n').slice(0, 3).join(' ')}`);
  let verdict = null;
  try {
    verdict = JSON.parse(out);
  } catch (error) {
    if (!lines.includes('no verdict')) found.push(`no JSON verdict: ${error.message}: ${out.slice(0, 80)}`);
  }
  const flat = flatten(verdict ?? {});
  const yes = verdict?.allowed ?? verdict?.would_be_allowed;
  flat.set('yes', String(yes));
  for (const line of lines) {
    const [, negated, key, operator, value] = /^(!?)([^=~@!]+)(?:([=~@])(.*))?$/.exec(line) ?? [];
    const actual = flat.get(key);
    if (line === 'no verdict') continue;
    if (key === 'text') {
      if (!(out + err).includes(value)) found.push(`the output lacks: ${value}`);
    } else if (negated) {
      if (actual !== undefined) found.push(`${key} is there: ${actual}`);
    } else if (operator === '=') {
      if (actual !== value) found.push(`${key} is ${actual}, expected ${value}`);
    } else if (operator === '~') {
      if (!actual?.includes(value)) found.push(`${key} is ${actual}, expected to have: ${value}`);
    } else if (operator === '@') {
      const member = key.split('.').reduce((object, part) => object?.[part], verdict);
      const expected = JSON.parse(fs.readFileSync(value, 'utf8'));
      if (!isDeepStrictEqual(member, expected)) found.push(`${key} is ${JSON.stringify(member)}, expected ${JSON.stringify(expected)}`);
    } else {
      found.push(`not an expectation: ${line}`);
    }
  }
  // A no never says that it is a yes, and the other way round.
  if (yes === true && !['0', '10'].includes(status)) found.push('the verdict says yes, the exit status no');
  if (yes === false && ['0', '10'].includes(status)) found.push('the verdict says no, the exit status yes');
  if (found.length && err) found.push(`stderr: ${err.slice(0, 300)}`);
  return found;
}

let passed = 0;
let failed = 0;
for (const name of fs.readdirSync(folder).sort((a, b) => parseInt(a, 10) - parseInt(b, 10))) {
  const found = complaints(name);
  if (found.length) {
    failed += 1;
    console.log(`FAILED ${name}: ${found.join('; ')}`);
    console.log(`       ${read(name, 'command').trim()}`);
  } else {
    passed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
