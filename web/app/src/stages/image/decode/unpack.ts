/** Unpacks samples of 1, 2 or 4 bits to bytes. */

/** Samples of each row, which begins at a whole byte; the first sample is in the highest bits. */
export function unpacked(packed: Uint8Array, width: number, height: number, bits: number): Uint8Array {
  if (bits === 8) return packed;
  const made = new Uint8Array(width * height);
  const stride = Math.ceil((width * bits) / 8);
  const [perByte, mask] = [8 / bits, (1 << bits) - 1];
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = packed[y * stride + Math.floor(x / perByte)]!;
      made[to++] = (byte >> (8 - bits * ((x % perByte) + 1))) & mask;
    }
  }
  return made;
}

/** Levels of fewer bits as levels of 8 bits. */
export function widened(levels: Uint8Array, bits: number): Uint8Array {
  const factor = 255 / ((1 << bits) - 1);
  return bits === 8 ? levels : levels.map((level) => level * factor);
}
