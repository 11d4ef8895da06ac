// A door in front of a node on loopback: passes everything on, counts what was asked, and can be shut.
import http from 'node:http';
import { freePort } from '../chain/node.mjs';

export class Door {
  /// open(target): a door to `target` on a free port.
  static async open(target) {
    const door = new Door();
    door.target = new URL(target);
    door.asked = [];
    door.inFlight = 0;
    door.trips = 0;
    door.sockets = new Set();
    door.server = http.createServer((request, response) => door.pass(request, response));
    door.server.on('connection', (socket) => {
      door.sockets.add(socket);
      socket.on('close', () => door.sockets.delete(socket));
    });
    await new Promise((resolve) => { door.server.listen(0, '127.0.0.1', resolve); });
    door.url = `http://127.0.0.1:${door.server.address().port}`;
    return door;
  }

  pass(request, response) {
    const { hostname, port } = this.target;
    this.asked.push(request.url);
    // Requests that are under way together are one round trip.
    if (this.inFlight === 0) this.trips += 1;
    this.inFlight += 1;
    response.on('close', () => { this.inFlight -= 1; });
    const onward = http.request({ hostname, port, path: request.url, method: request.method, headers: { ...request.headers, host: this.target.host } },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  /// What was asked since the last time: {requests, trips, paths}.
  take() {
    const seen = { requests: this.asked.length, trips: this.trips, paths: this.asked };
    this.asked = [];
    this.trips = 0;
    return seen;
  }

  /// From now on the connection is refused.
  async shut() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}

/// A URL at which nobody listens.
export const nobody = async () => `http://127.0.0.1:${await freePort()}`;
