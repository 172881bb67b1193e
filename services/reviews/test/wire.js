// The network between the service and PostgreSQL: it can lose the server, as when a node dies. Then nothing is answered and nothing is closed.
import { connect, createServer } from 'node:net';

export class Wire {
  #pairs = [];
  #dead = false;

  static async to(port) {
    const wire = new Wire();
    wire.server = createServer((near) => wire.#join(near, port));
    await new Promise((done) => { wire.server.listen(0, '127.0.0.1', done); });
    /** The same database, by this wire. */
    wire.instead = (url) => url.replace(`:${port}/`, `:${wire.server.address().port}/`);
    return wire;
  }

  #join(near, port) {
    near.on('error', () => {});
    if (this.#dead) return this.#pairs.push([near.pause()]); // the kernel takes it, nobody else does
    const far = connect(port, '127.0.0.1').on('error', () => {});
    near.pipe(far);
    far.pipe(near);
    return this.#pairs.push([near, far]);
  }

  vanish() {
    this.#dead = true;
    for (const [near, far] of this.#pairs) {
      near.unpipe().pause();
      far?.unpipe().pause();
    }
  }

  comeBack() {
    this.#dead = false;
  }

  cut() {
    this.server.close();
    this.#pairs.flat().forEach((socket) => socket.destroy());
  }
}
