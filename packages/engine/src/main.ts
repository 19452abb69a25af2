// The program `hybrid-engine`: what takes longest to start is started before the rest is loaded.
import './process/hangup.ts';
import { startThread } from './store/thread.ts';

if (process.argv[2] === 'run') startThread();
const { main } = await import('./program.ts');
await main();
