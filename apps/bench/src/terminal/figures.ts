const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `95,607` */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** `68.5 %` of a share from 0 to 1. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** `21.3k`, `1.25M`: three digits. */
export function short(value: number): string {
  if (value >= 999_500) return `${digits(value / 1e6)}M`;
  return value >= 999.5 ? `${digits(value / 1000)}k` : digits(value);
}

/** `21.3k/s` */
export function rate(perSecond: number): string {
  return `${short(perSecond)}/s`;
}

/** `0.42 µs`, `2.13 ms`, `1.50 s`: three digits. */
export function latency(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 0.9995) return `${digits(ms * 1000)} µs`;
  return ms < 999.5 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`;
}

/** `812 kB`, `2.41 MB`; less than nothing, which noise can make of it, is 0. */
export function bytes(value: number): string {
  if (value < 1) return '0';
  if (value < 999.5) return `${Math.round(value)} B`;
  if (value < 999_500) return `${digits(value / 1000)} kB`;
  return value < 999_500_000 ? `${digits(value / 1e6)} MB` : `${digits(value / 1e9)} GB`;
}

/** `102 ns` */
export function nanoseconds(value: number): string {
  return `${digits(value)} ns`;
}

/** `1.08` */
export function ratio(value: number): string {
  return value.toFixed(2);
}

/** `7 s`, `1 min 05 s` */
export function seconds(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms / 1000));
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** Three of them, where the number is not whole. */
function digits(value: number): string {
  if (value >= 99.95) return WHOLE.format(value);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}
