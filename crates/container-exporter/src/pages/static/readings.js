// Rates from two readings of counters.

const isNumber = (value) => typeof value === "number";

// Undefined while there is no earlier reading, null where there is no counter. A counter that went back has begun anew.
function difference(before, now, key) {
  if (!isNumber(now[key])) return null;
  if (!before || !isNumber(before[key]) || now[key] < before[key]) return undefined;
  return now[key] - before[key];
}

function rates(before, now, seconds) {
  const rate = (key) => {
    const grown = difference(before, now, key);
    return isNumber(grown) ? grown / seconds : grown;
  };
  const periods = difference(before, now, "periods");
  const throttled = difference(before, now, "throttled_periods");
  return {
    cpu: rate("cpu"),
    // Without a period nothing ran, so nothing was throttled.
    throttled: isNumber(periods) && isNumber(throttled) ? (periods > 0 ? throttled / periods : 0) : throttled,
    received: rate("received"),
    sent: rate("sent"),
  };
}

// Keeps the reading before, and adds rates to the rows of the next.
export class Readings {
  #at = 0;
  #rows = new Map();

  // False for a reading that is the one before.
  take(data) {
    if (data.at <= this.#at) return false;
    const rows = new Map();
    const seconds = data.at - this.#at;
    for (const row of [data.own, ...data.containers, ...data.groups]) {
      if (!row) continue;
      row.rates = rates(this.#rows.get(row.id), row, seconds);
      rows.set(row.id, row);
    }
    this.#at = data.at;
    this.#rows = rows;
    return true;
  }
}
