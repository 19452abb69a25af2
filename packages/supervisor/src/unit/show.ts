import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { UnitReading } from '@hybrid-soak/contract/sample.ts';

/** The properties that a reading of a unit is made of. */
export const SHOWN =
  'LoadState,ActiveState,SubState,Result,MainPID,InvocationID,NRestarts,ExecMainStatus,ExecMainCode,ControlGroup';

/** The output of `systemctl show -p …`: key=value lines. */
export function parseShow(text: string, unit: string): UnitReading {
  const show = new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const get = (key: string) => show.get(key) ?? '';
  if (get('LoadState') === 'not-found') return unavailable(`${unit}: no such unit`);
  if (get('ActiveState') === '') return unavailable(`${unit}: systemctl show gave no ActiveState`);
  const code = Number(get('ExecMainCode'));
  return available({
    active_state: get('ActiveState'),
    sub_state: get('SubState'),
    result: get('Result'),
    main_pid: Number(get('MainPID')),
    invocation_id: get('InvocationID') || null,
    n_restarts: Number(get('NRestarts')),
    exec_main_status: code === 0 ? null : Number(get('ExecMainStatus')),
    exec_main_code: code === 0 ? null : code,
    control_group: get('ControlGroup') || null,
  });
}
