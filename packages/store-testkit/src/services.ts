/** Real servers, real processes and a network that fails on demand, for tests on the loopback. */

export { type AnswerOptions, answerRequests } from './services/answer-requests.ts';
export {
  type CutAfterOptions,
  FaultProxy,
  type FaultProxyOptions,
  type ThrottleOptions,
} from './services/fault-proxy.ts';
export type { Direction, FaultScope, ProxiedConnection } from './services/fault-scope.ts';
export { freePort } from './services/free-port.ts';
export type { ProcessEnd } from './services/owned-process.ts';
export type { ProxyConnection } from './services/proxy-connection.ts';
export { type CommandReply, RedisServer } from './services/redis-server.ts';
export type { RedisServerOptions, RestartOptions } from './services/redis-server-options.ts';
export type { EndFaultOptions, TrafficFault } from './services/traffic-fault.ts';
export { type NotYet, type WaitOptions, waitFor } from './services/wait-for.ts';
export type { WorkerHandlers } from './services/worker-message.ts';
export { type WorkerOptions, WorkerProcess, type WorkerReply } from './services/worker-process.ts';
