/** MurmurHash3, x86, 32 bits, seed 0 (A. Appleby, 2008; public domain), as scikit-learn's hashers use it. */
const encoder = new TextEncoder();

/** The hash of a string in UTF-8, as a signed 32-bit number. */
export function murmur3(text: string): number {
  const bytes = encoder.encode(text);
  const count = bytes.length;
  const whole = count & ~3;
  const block = (at: number, size: number) => {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = (value << 8) | bytes[at + i]!;
    value = Math.imul(value, 0xcc9e2d51);
    return Math.imul((value << 15) | (value >>> 17), 0x1b873593);
  };
  let state = 0;
  for (let at = 0; at < whole; at += 4) {
    state ^= block(at, 4);
    state = (Math.imul((state << 13) | (state >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (count > whole) state ^= block(whole, count - whole);
  state ^= count;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return state ^ (state >>> 16);
}
