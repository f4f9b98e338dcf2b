// Puts packed code together again. `xtask/split/src/pack.rs` is the other side: it says what each stream holds.

const CODE = 10;
const [OPCODES, LOCALS, GETS, SETS, LOADS, STORES, CALLS, BRANCHES, LONGS, CONSTANTS] = Array(10).keys();
const STREAMS = CONSTANTS + 256;

/** A module from its bytes, which may be packed. */
export function unpack(packed) {
  if (packed[4] !== 0) return packed;
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = packed[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  const parts = [[...packed.subarray(0, 4), 1, 0, 0, 0]];
  while (at < packed.length) {
    const begin = at;
    const id = packed[at++];
    const length = number();
    const end = at + length;
    if (id === CODE) {
      const size = number();
      // The size of the last body may need less room than it is given at first.
      const code = new Uint8Array(size + 1);
      const bodies = number();
      const places = Uint32Array.from({ length: STREAMS }, number);
      places.forEach((length, stream) => {
        places[stream] = at;
        at += length;
      });
      join(packed, places, bodies, code);
      parts.push([CODE], leb(size), code.subarray(0, size));
    } else {
      parts.push(packed.subarray(begin, end));
    }
    at = end;
  }
  const module = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((place, part) => (module.set(part, place), place + part.length), 0);
  return module;
}

// Fills `code` with a section of so many `bodies`; `places` is how far each stream has been read.
function join(packed, places, bodies, code) {
  let end = 0;
  const write = (value) => {
    for (; value >= 0x80; value >>>= 7) code[end++] = value | 0x80;
    code[end++] = value;
  };
  const read = (stream) => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = packed[places[stream]++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  const copyBytes = (stream, count) => {
    while (count--) code[end++] = packed[places[stream]++];
  };
  // Copies a number of whatever size and sign.
  const copy = (stream) => {
    while (packed[places[stream]] >= 0x80) copyBytes(stream, 1);
    copyBytes(stream, 1);
  };
  // Copies a number without a sign, and gives it.
  const pass = (stream) => {
    const value = read(stream);
    write(value);
    return value;
  };

  write(bodies);
  while (bodies--) {
    // Most bodies are that long that their size takes two bytes.
    const size = end;
    end += 2;
    body();
    const length = end - size - 2;
    const bytes = leb(length);
    if (bytes.length !== 2) {
      code.copyWithin(size + bytes.length, size + 2, end);
      end += bytes.length - 2;
    }
    code.set(bytes, size);
  }

  function body() {
    for (let runs = pass(LOCALS); runs > 0; runs--) {
      copy(LOCALS);
      copy(LOCALS);
    }
    const recent = [];
    const offsets = [];
    const copyLocal = (stream) => {
      const rank = read(stream);
      while (recent.length <= rank) recent.push(recent.length);
      const local = recent[rank];
      for (let place = rank; place > 0; place--) recent[place] = recent[place - 1];
      recent[0] = local;
      write(local);
      return local + 1;
    };
    let local = 0;
    for (let depth = 1; depth > 0; ) {
      const opcode = packed[places[OPCODES]++];
      code[end++] = opcode;
      const address = local;
      local = 0;
      if (opcode >= 0x45 && opcode <= 0xc4) continue;
      if (opcode >= 0x28 && opcode <= 0x35) {
        const step = read(LOADS);
        while (offsets.length <= address) offsets.push(0);
        offsets[address] = (offsets[address] + ((step >>> 1) ^ -(step & 1))) >>> 0;
        code[end++] = 0;
        write(offsets[address]);
      } else if (opcode >= 0x36 && opcode <= 0x3e) {
        code[end++] = 0;
        copy(STORES);
      } else {
        switch (opcode) {
          case 0x20:
            local = copyLocal(GETS);
            break;
          case 0x21: case 0x22:
            local = copyLocal(SETS);
            break;
          case 0x41:
            copy(CONSTANTS + packed[places[OPCODES]]);
            break;
          case 0x42:
            copy(LONGS);
            break;
          case 0x10:
            copy(CALLS);
            break;
          case 0x0e:
            for (let targets = pass(BRANCHES); targets > 0; targets--) copy(BRANCHES);
            copy(BRANCHES);
            break;
          case 0x0c: case 0x0d:
            copy(BRANCHES);
            break;
          case 0x02: case 0x03: case 0x04:
            depth++;
            copy(OPCODES);
            break;
          case 0x0b:
            depth--;
            break;
          case 0x11:
            copy(OPCODES);
            copy(OPCODES);
            break;
          case 0x23: case 0x24: case 0x25: case 0x26: case 0x3f: case 0x40: case 0xd0:
            copy(OPCODES);
            break;
          case 0x43:
            copyBytes(OPCODES, 4);
            break;
          case 0x44:
            copyBytes(OPCODES, 8);
            break;
          case 0xfc:
            copyBytes(OPCODES, { 10: 2, 11: 1, 15: 1, 16: 1, 17: 1 }[pass(OPCODES)] ?? 0);
        }
      }
    }
  }
}

function leb(value) {
  const bytes = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
