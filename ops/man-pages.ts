import { ENGINE_EXIT, SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { ENGINE_EXIT_MEANINGS, SOAK_EXIT_MEANINGS } from '@hybrid-soak/contract/meanings.ts';

/** What a page says besides what the program's own help does: term and text. */
export interface About {
  files: [string, string][];
  environment: [string, string][];
  exit: [string, string][];
}

const exits = (
  codes: Readonly<Record<string, number>>,
  meanings: Readonly<Record<string, readonly [string, string]>>,
) => Object.entries(codes).map(([name, code]): [string, string] => [String(code), `${meanings[name]?.[0]}`]);

const CACHE: [string, string] = [
  'NODE_COMPILE_CACHE',
  'folder of the code cache (default: hybrid-soak below XDG_CACHE_HOME)',
];
const CONFIG: [string, string][] = [
  ['config/config.toml', "the engine's configuration; the unit's --config, or relative to the working directory"],
  ['config/ws_sources.toml', 'the sources of mode realws, beside it'],
  ['data/bot.db', 'the database, [app] db_path'],
];
const USAGE: [string, string] = ['2', 'usage'];

export const ABOUT: Readonly<Record<string, About>> = {
  soak: {
    files: [
      ...CONFIG,
      ['data/ops/soak_decisions.jsonl', 'every decision, one JSON object a line'],
      ['data/ops/soak_samples.jsonl', 'every observation of the last run; earlier ones as soak_samples.TIME.jsonl'],
      ['data/ops/summary.json', 'the last run in numbers'],
      ['data/ops/ABORT', "made by an operator: ends the soak, its first line is the record's reason"],
      ['data/ops/soak_state.json', 'what an unfinished run has to restore'],
      ['data/ops/proofs/', 'evidence of soak prove'],
      ['/var/lib/hybrid-soak', 'config and data of an installation by soak install or of the Debian package'],
      ['/etc/hybrid-soak', 'configuration of the Debian package'],
      ['/run/hybrid-soak', 'lock and requests of the system unit; of a user unit /run/user/UID/hybrid-soak'],
      ['$XDG_STATE_HOME/hybrid-soak/last-run.json', "where this user's last run was"],
    ],
    environment: [
      ['NO_COLOR', 'no colours'],
      ['TERM', 'dumb: lines instead of a block that is repainted'],
      ['TZ', 'zone of the times that are shown; records are in UTC'],
      ['XDG_STATE_HOME', 'where the last run is remembered (default: ~/.local/state)'],
      ['XDG_RUNTIME_DIR', "socket of the user's systemd (default: /run/user/UID)"],
      CACHE,
    ],
    exit: exits(SOAK_EXIT, SOAK_EXIT_MEANINGS),
  },
  'hybrid-engine': {
    files: CONFIG,
    environment: [
      ['HTTPS_PROXY, NO_PROXY', 'the way to the sources'],
      ['JOURNAL_STREAM', 'set by systemd: lines get a priority prefix if it names stdout'],
      ['NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID', 'set by systemd: readiness and watchdog (sd_notify(3))'],
      ['INVOCATION_ID', 'set by systemd: names this life in the database'],
      CACHE,
    ],
    exit: [USAGE, ...exits(ENGINE_EXIT, ENGINE_EXIT_MEANINGS)].sort((a, b) => Number(a[0]) - Number(b[0])),
  },
  'hybrid-feed': {
    files: [['FILE, FILE.1', 'of record: one frame a line; --max-bytes begins the next']],
    environment: [CACHE],
    exit: [['0', 'done, or ended by SIGTERM or SIGINT'], ['1', 'a file or an address that cannot be used'], USAGE],
  },
  'hybrid-fleet': {
    files: [...CONFIG, ['data/ops/soak_decisions.jsonl', 'the decisions that are shipped']],
    environment: [CACHE],
    exit: [['0', 'done, or ended by SIGTERM or SIGINT'], ['1', 'a bug'], USAGE, ['12', 'configuration']],
  },
};
