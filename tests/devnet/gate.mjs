// The program under test, run and looked at; and the tally of what was found.
import fs from 'node:fs';
import { spawn } from 'node:child_process';

const LIMIT_MS = 180_000;
const CLEAN = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$|^BOOTGATE_/i.test(name)));

/// run(program, arguments): {status, verdict, out, err, ms}. The verdict is null where there is none.
export function run(program, args) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...CLEAN, ASAN_OPTIONS: 'exitcode=99:detect_leaks=1', UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1:exitcode=99' },
    });
    const text = { out: '', err: '' };
    child.stdout.on('data', (part) => { text.out += part; });
    child.stderr.on('data', (part) => { text.err += part; });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('error', (error) => { text.err += error.message; });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      let verdict = null;
      try {
        verdict = JSON.parse(text.out);
      } catch {
        // Not every verb prints one.
      }
      resolve({ status: status ?? signal, verdict, ...text, ms: Date.now() - started });
    });
  });
}

/// The decision under whichever name the verdict's kind gives it.
export const decisionOf = (verdict) => verdict?.allowed ?? verdict?.would_be_allowed ?? null;

export class Tally {
  constructor() {
    Object.assign(this, { passed: 0, failed: 0, skipped: 0, stages: [], started: Date.now() });
  }

  ok(name, holds, detail = '') {
    if (holds) {
      this.passed += 1;
    } else {
      this.failed += 1;
      console.log(`FAILED ${name}${detail ? `: ${String(detail).slice(0, 600)}` : ''}`);
    }
    return Boolean(holds);
  }

  equal(name, actual, expected) {
    return this.ok(name, actual === expected, `is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
  }

  skip(cases, why) {
    this.skipped += cases;
    console.log(`skipped ${cases} cases: ${why}`);
  }

  /// The time since the last stage goes to this one.
  stage(name) {
    const now = Date.now();
    const last = this.stages.at(-1)?.at ?? this.started;
    this.stages.push({ name, at: now });
    console.log(`${((now - this.started) / 1000).toFixed(1).padStart(6)} s  ${name} (${((now - last) / 1000).toFixed(1)} s)`);
  }

  close() {
    console.log(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
    return this.failed === 0 && this.passed > 0;
  }
}

export const writeJson = (file, value) => fs.writeFileSync(file, JSON.stringify(value));
