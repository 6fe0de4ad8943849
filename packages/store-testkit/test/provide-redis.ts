import { RedisServer } from '../src/services.ts';

// Before the tests of each file: a server program that is missing is fetched now, not within some test's time limit.
await RedisServer.provide();
