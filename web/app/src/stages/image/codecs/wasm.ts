/** CharLS and OpenJPEG in WebAssembly, as Emscripten builds them. Each frame has a new instance, so that its memory is freed. */
import { damaged } from "../decode/picture";
import type { Codestream } from "../dicom/codecs";

interface Decoder {
  getEncodedBuffer(size: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  delete(): void;
  getFrameInfo(): {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
    isSigned?: boolean;
  };
  getInterleaveMode?(): number | { value: number };
}

interface Program {
  JpegLSDecoder?: new () => Decoder;
  J2KDecoder?: new () => Decoder;
}

/** Emscripten's function that starts a program. */
type Start = (settings: {
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
  print(text: string): void;
  printErr(text: string): void;
}) => Promise<Program>;

/** The programs, each with its binary: the bytes in Base64, or compiled. */
export interface Binaries {
  charls: [Start, string | WebAssembly.Module];
  openjpeg: [Start, string | WebAssembly.Module];
}

export async function decodeJpegLs(binaries: Binaries, data: Uint8Array, frame: Codestream) {
  const program = await started(binaries.charls);
  return run(program.JpegLSDecoder!, data, frame, (decoder) => {
    const mode = decoder.getInterleaveMode!();
    return (typeof mode === "number" ? mode : mode.value) === 0;
  });
}

export async function decodeJpeg2000(binaries: Binaries, data: Uint8Array, frame: Codestream) {
  const program = await started(binaries.openjpeg);
  if (!frame.isSigned) return run(program.J2KDecoder!, data, frame, () => false);
  // The program limits negative samples of 8 bits to 0. Without the sign in the header it adds half of the range to all.
  const unsigned = data.slice();
  for (let i = 0; i < frame.components; i++) unsigned[SIGNS + 3 * i]! &= 0x7f;
  const half = 1 << (frame.bits - 1);
  return Int32Array.from(
    run(program.J2KDecoder!, unsigned, frame, () => false),
    (value) => value - half,
  );
}

/** Where the bits and the sign of the first component are; those of others follow after 3 bytes each (SIZ, T.800 A.5.1). */
const SIGNS = 42;

async function started(pair: [Start, string | WebAssembly.Module]): Promise<Program> {
  const [start, binary] = pair;
  const module =
    typeof binary === "string"
      ? await WebAssembly.compile(Uint8Array.from(atob(binary), (char) => char.charCodeAt(0)))
      : binary;
  pair[1] = module;
  const quiet = () => undefined;
  return start({
    instantiateWasm(imports, done) {
      void WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
      return {};
    },
    print: quiet,
    printErr: quiet,
  });
}

function run(
  Decoder: new () => Decoder,
  data: Uint8Array,
  frame: Codestream,
  isPlanar: (decoder: Decoder) => boolean,
): Uint8Array | Uint16Array {
  try {
    const decoder = new Decoder();
    decoder.getEncodedBuffer(data.length).set(data);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    if (
      width !== frame.width ||
      height !== frame.height ||
      bitsPerSample !== frame.bits ||
      componentCount !== frame.components
    )
      throw damaged("damaged: its picture differs from its header");
    const decoded = decoder.getDecodedBuffer().slice();
    const isWide = frame.bits > 8;
    const count = width * height * componentCount;
    if (decoded.length < (isWide ? 2 * count : count)) throw damaged("truncated");
    const samples = isWide ? new Uint16Array(decoded.buffer, 0, count) : decoded.subarray(0, count);
    return componentCount > 1 && isPlanar(decoder) ? byPixel(samples, componentCount) : samples;
  } catch (error) {
    // C++ exceptions are numbers, or objects of Emscripten.
    if (error instanceof Error && error.name === "Refusal") throw error;
    throw damaged("damaged: its compressed data are not valid");
  }
}

function byPixel<Samples extends Uint8Array | Uint16Array>(planes: Samples, components: number): Samples {
  const made = planes.slice() as Samples;
  const pixels = planes.length / components;
  for (let c = 0; c < components; c++)
    for (let i = 0; i < pixels; i++) made[i * components + c] = planes[c * pixels + i]!;
  return made;
}
