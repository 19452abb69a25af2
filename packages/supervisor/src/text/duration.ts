/** `1h 30m`, `2m 5s`, for people. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return [h > 0 ? `${h}h` : '', m > 0 ? `${m}m` : '', s > 0 || whole === 0 ? `${s}s` : ''].filter(Boolean).join(' ');
}
