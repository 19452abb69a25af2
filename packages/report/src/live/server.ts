import { page } from '../html.ts';
import { listen, sendEvents, sendNotFound, sendPage } from './listen.ts';
import { liveViewers } from './viewers.ts';

export interface LiveOptions {
  host: string;
  port: number;
  refreshMs: number;
  decisions: string;
  samples: string;
  db: string;
}

/** Serves the live page until closed. Looks at the files once a refresh, and not at all if no page is open. */
export async function serveLive(options: LiveOptions): Promise<{ url: string; close(): Promise<void> }> {
  const live = page('engine and soak', { refresh_ms: options.refreshMs }, 'startLive', "'self'");
  const viewers = liveViewers(options);
  const server = await listen(options, (path, request, response) => {
    if (path === '/') sendPage(live, request, response);
    else if (path === '/events') sendEvents(viewers, request, response);
    else sendNotFound(response);
  });
  const timer = setInterval(viewers.look, options.refreshMs);
  return {
    url: server.url,
    async close() {
      clearInterval(timer);
      viewers.close();
      await server.close();
    },
  };
}
