/** A Redis that answers `PONG` to all it is asked, until it stands still, or loses a connection without a word. */

import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class PaperRedis {
  /** Connections so far. */
  connections = 0;
  /** Commands with this name are held back while the others are answered. */
  slow = "";
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly deaf = new Set<Socket>();
  private isFrozen = false;
  private deafNext = 0;
  private held: [Socket, string][] = [];

  private constructor() {
    this.server = createServer((socket) => this.greet(socket));
  }

  static async start(): Promise<PaperRedis> {
    const redis = new PaperRedis();
    await new Promise<void>((done) => redis.server.listen(0, "127.0.0.1", done));
    return redis;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that stand now. */
  get standing(): number {
    return this.sockets.size;
  }

  /** End all connections; who comes back is let in. */
  restart(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** How many questions are held back. */
  get waiting(): number {
    return this.held.length;
  }

  /** Take what is asked and answer nothing, as a process that was stopped. */
  freeze(): void {
    this.isFrozen = true;
  }

  /** Answer what was held back, and go on. */
  thaw(): void {
    this.isFrozen = false;
    const held = this.held;
    this.held = [];
    for (const [socket, name] of held) this.answer(socket, name);
  }

  /** No connection that stands now is ever answered again; none is closed. */
  lose(): void {
    for (const socket of this.sockets) this.deaf.add(socket);
  }

  /** The same for so many connections that are still to come. */
  loseNext(count: number): void {
    this.deafNext = count;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  private greet(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    if (this.deafNext-- > 0) this.deaf.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => undefined);
    let rest = "";
    socket.setEncoding("latin1").on("data", (data) => {
      rest += String(data);
      for (let command = commandIn(rest); command; command = commandIn(rest)) {
        rest = rest.slice(command.length);
        this.answer(socket, command.name);
      }
    });
  }

  private answer(socket: Socket, name: string): void {
    if (this.isFrozen || name === this.slow) this.held.push([socket, name]);
    else if (!this.deaf.has(socket) && !socket.destroyed) socket.write("+PONG\r\n");
  }
}

/** The command that a text begins with, as Redis is written to: an array of strings. */
function commandIn(text: string): { name: string; length: number } | null {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return null;
  let at = head[0].length;
  let name = "";
  for (let number = 0; number < Number(head[1]); number++) {
    const word = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (!word) return null;
    at += word[0].length;
    if (number === 0) name = text.slice(at, at + Number(word[1]));
    at += Number(word[1]) + 2;
  }
  return text.length < at ? null : { name, length: at };
}
