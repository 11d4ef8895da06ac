// A node to talk to: anvil on a free loopback port, and JSON-RPC to it. Node built-ins only.
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { spawn } from 'node:child_process';

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
let lastId = 0;

export const hexNumber = (number) => '0x' + BigInt(number).toString(16);
export const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/// post(url, body) sends a JSON text and gives the answer's text.
export function post(url, body) {
  const { hostname, port, pathname } = new URL(url);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, path: pathname, method: 'POST', agent, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/// rpcTo(url) gives a function rpc(method, ...params) that returns the result or throws.
export function rpcTo(url) {
  return async (method, ...params) => {
    lastId += 1;
    const answer = JSON.parse(await post(url, JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params })));
    if (answer.error) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  };
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/// The program itself is in this package, so no install script is needed. (Named directly: as an optional package, which
/// it is to @foundry-rs/anvil, npm 9 leaves it out on Node 18.)
const anvilProgram = (folder) => path.join(folder, 'node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil');

/// startAnvil: each transaction makes a block of its own. The process ends with ours, or by stop().
export async function startAnvil({ folder, hardfork = 'osaka', chainId = 31337, timestamp }) {
  const home = path.join(folder, 'home');
  fs.mkdirSync(home, { recursive: true });
  // Between choosing a port and using it, someone else may take it.
  for (let attempt = 0; ; attempt += 1) {
    const port = await freePort();
    const args = ['--host', '127.0.0.1', '--port', port, '--hardfork', hardfork, '--chain-id', chainId, '--timestamp', timestamp, '-q'];
    const child = spawn(anvilProgram(folder), args.map(String), { stdio: 'ignore', env: { ...process.env, HOME: home } });
    let problem = null;
    const gone = new Promise((resolve) => { child.on('exit', resolve); });
    child.on('error', (error) => { problem = error; });
    process.on('exit', () => child.kill('SIGKILL'));
    const url = `http://127.0.0.1:${port}`;
    const rpc = rpcTo(url);
    for (let waited = 0; waited < 20000 && !problem && child.exitCode === null; waited += 20) {
      if (Number(await rpc('eth_chainId').catch(() => 0)) === chainId) {
        return { url, rpc, chainId, stop: () => { child.kill('SIGKILL'); return gone; } };
      }
      await sleep(20);
    }
    child.kill('SIGKILL');
    if (problem || attempt === 2) throw problem ?? new Error('anvil does not answer');
  }
}
