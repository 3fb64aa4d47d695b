/** The orientation of a picture, from EXIF or XMP as Pillow reads it. */
const ORIENTATION = 0x0112;
const SHORT = 3;

/** The orientation in a TIFF structure, 1 to 8; undefined if it has none that is valid. */
export function orientationOf(data: Uint8Array): number | undefined {
  if (data.length < 8) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return undefined;
  const start = view.getUint32(4, little);
  if (start + 2 > data.length) return undefined;
  const count = view.getUint16(start, little);
  for (let i = 0; i < count; i++) {
    const at = start + 2 + 12 * i;
    if (at + 12 > data.length) return undefined;
    if (view.getUint16(at, little) === ORIENTATION && view.getUint16(at + 2, little) === SHORT)
      return view.getUint16(at + 8, little);
  }
  return undefined;
}

/** The orientation in a packet of XMP. */
export function orientationOfXmp(packet: Uint8Array): number | undefined {
  const match = /tiff:Orientation(?:="|>)([0-9])/.exec(new TextDecoder("latin1").decode(packet));
  return match ? Number(match[1]) : undefined;
}

/** The orientation of a file: that of EXIF, else that of XMP; 1 where there is none. */
export function chosen(exif: Uint8Array | null, xmp: Uint8Array | null): number {
  const orientation = (exif && orientationOf(withoutName(exif))) ?? (xmp ? orientationOfXmp(xmp) : undefined);
  return orientation !== undefined && orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/** The TIFF structure of an EXIF block, which begins with its name once or twice. */
function withoutName(exif: Uint8Array): Uint8Array {
  let part = exif;
  for (let i = 0; i < 2; i++)
    if (String.fromCharCode(...part.subarray(0, 6)) === "Exif\0\0") part = part.subarray(6);
  return part;
}
