import { prove } from './prove.ts';

// Whoever reads the output has gone (`| head`): there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const exitCode = await prove(process.argv.slice(2));
// Not by itself: Node 20 can spin for ever in its last clean-up where a connection was reset while it was being shut down
// (a handle whose reset was refused counts as closing, and is never closed), which is what the proxies are there for.
process.stdout.write('', () => process.exit(exitCode));
