// Numbers as people read them, as units.rs writes them.

const NAMES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit + 1 < NAMES.length) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(count) : threeDigits(value)} ${NAMES[unit]}`;
}

export const percent = (share) => `${threeDigits(share * 100)} %`;

export const perSecond = (rate) => `${bytes(rate)}/s`;

function threeDigits(value) {
  if (value === 0) return "0";
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

// What is known, or what stands for it. Rates are undefined until there are two readings, and null where nothing counts.
export function shown(value, unit) {
  if (value === undefined) return "…";
  return value === null ? "–" : unit(value);
}
