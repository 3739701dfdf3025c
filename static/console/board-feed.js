// The places of the board: read from the packed feed (services/board/feed.py says how it is made), kept in plain arrays.

const MILLIONTHS = 1e6;
const ID_BYTES = 16;

/** The columns of a feed whose positions and states have come; its ids follow. */
function decode(bytes, head, start) {
  const { count, south, west } = head;
  const plane = (column, nr) => start + (4 * column + nr) * count;
  const degrees = (column, least) => {
    const found = new Float64Array(count);
    const at = [0, 1, 2, 3].map((nr) => plane(column, nr));
    for (let i = 0; i < count; i += 1) {
      const value =
        bytes[at[0] + i] + bytes[at[1] + i] * 256 + bytes[at[2] + i] * 65_536 + bytes[at[3] + i] * 16_777_216;
      found[i] = (value + least) / MILLIONTHS;
    }
    return found;
  };
  const states = plane(2, 0);
  return {
    head,
    latitude: degrees(0, south),
    longitude: degrees(1, west),
    mark: bytes.slice(states, states + count),
    ids: null,
    rest: states + count,
  };
}

/**
 * Reads a feed while it comes in.
 * @param {Response} answer with a feed as its body
 * @param {(feed: object) => void} early called once positions and states are there, before the ids
 * @returns {Promise<{head: object, latitude: Float64Array, longitude: Float64Array, mark: Uint8Array, ids: Uint8Array}>}
 *   rejects with a RangeError where the feed ends before its last id
 */
export async function readFeed(answer, early = () => {}) {
  const reader = answer.body.getReader();
  let bytes = new Uint8Array(1 << 18);
  let have = 0;
  let feed = null;
  for (;;) {
    const { done, value } = await reader.read();
    if (value) {
      if (have + value.length > bytes.length) {
        const larger = new Uint8Array(2 * (have + value.length));
        larger.set(bytes.subarray(0, have));
        bytes = larger;
      }
      bytes.set(value, have);
      have += value.length;
    }
    if (!feed && have >= 4) {
      const start = 4 + new DataView(bytes.buffer).getUint32(0, true);
      if (have >= start) {
        const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
        if (have >= start + 9 * head.count) {
          feed = decode(bytes, head, start);
          early(feed);
        }
      }
    }
    if (done) {
      break;
    }
  }
  if (!feed || have < feed.rest + ID_BYTES * feed.head.count) {
    throw new RangeError("The feed has ended early");
  }
  feed.ids = bytes.slice(feed.rest, feed.rest + ID_BYTES * feed.head.count);
  return feed;
}

/** The bytes of an id, with or without its dashes. */
function idBytes(text) {
  const digits = text.replaceAll("-", "");
  return Uint8Array.from({ length: ID_BYTES }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** All places that are shown, by number, in the order of their ids. */
export class Places {
  constructor(feed) {
    Object.assign(this, feed);
    this.count = feed.head.count;
    this.states = feed.head.states;
  }

  /** The id of a place as programs write it. */
  id(number) {
    const hex = Array.from(this.ids.subarray(ID_BYTES * number, ID_BYTES * (number + 1)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  /** The number of a place; -1 for one that is not among these. */
  find(id) {
    return this.ids ? this.#search(idBytes(id)) : -1;
  }

  /** What a place looks like. */
  state(number) {
    return this.states[this.mark[number]];
  }

  #search(wanted) {
    let [low, high] = [0, this.count - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      let apart = 0;
      for (let i = 0; i < ID_BYTES && apart === 0; i += 1) {
        apart = this.ids[ID_BYTES * middle + i] - wanted[i];
      }
      if (apart === 0) {
        return middle;
      }
      if (apart < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /**
   * Takes in what has changed since; `moved` says whether any lies somewhere else now.
   * @returns {boolean} false where there is a place that is not among these: then all have to be asked for
   */
  merge(delta) {
    const [waiting, held, again] = ["waiting", "held", "again"].map((state) => this.states.indexOf(state));
    const numbers = Array.from({ length: delta.head.count }, (_, i) =>
      this.#search(delta.ids.subarray(ID_BYTES * i, ID_BYTES * (i + 1))),
    );
    if (numbers.includes(-1)) {
      return false;
    }
    for (let i = 0; i < this.count; i += 1) {
      if (this.mark[i] === held || this.mark[i] === again) {
        this.mark[i] = waiting;
      }
    }
    this.moved = false;
    numbers.forEach((number, i) => {
      this.moved ||= this.latitude[number] !== delta.latitude[i] || this.longitude[number] !== delta.longitude[i];
      this.mark[number] = delta.mark[i];
      this.latitude[number] = delta.latitude[i];
      this.longitude[number] = delta.longitude[i];
    });
    for (const [ids, mark] of [[delta.head.held, held], [delta.head.again, again]]) {
      for (const number of ids.map((id) => this.find(id)).filter((found) => found >= 0)) {
        this.mark[number] = mark;
      }
    }
    this.head = { ...this.head, at: delta.head.at, version: delta.head.version };
    return true;
  }
}
