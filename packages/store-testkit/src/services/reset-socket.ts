import type { Socket } from 'node:net';

/**
 * Breaks a connection with an RST. One whose end is on its way already is closed instead: Node 20 would leave the handle of such a
 * socket open for ever, and with it the process (libuv refuses to reset while a shutdown is pending).
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
