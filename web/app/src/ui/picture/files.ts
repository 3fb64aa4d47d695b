/** Picture files that a person drops, pastes or chooses, also in folders. */

/** The files of pictures that a browser can choose by their kind. */
export const ACCEPTED = "image/*,.tif,.tiff,.bmp,.dcm,application/dicom";

/** Files that systems put into folders. */
const HIDDEN = /^(\.|Thumbs\.db$|desktop\.ini$)/i;

export interface NamedFile {
  /** The name, with the folders below the one that was chosen. */
  name: string;
  file: File;
}

/** The files of a list, in the order of their names. */
export function listed(files: Iterable<File>): NamedFile[] {
  return ordered([...files].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
}

/** The dropped files, including those of dropped folders. */
export async function dropped(transfer: DataTransfer): Promise<NamedFile[]> {
  // The list of items is empty after the event, so the entries are taken before the first wait.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  if (entries.every((entry) => !entry?.isDirectory)) return listed(transfer.files);
  const files: NamedFile[] = [];
  for (const entry of entries) if (entry) await collect(entry, files);
  return ordered(files);
}

async function collect(entry: FileSystemEntry, files: NamedFile[]): Promise<void> {
  if (HIDDEN.test(entry.name)) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    files.push({ name: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return;
    for (const one of part) await collect(one, files);
  }
}

const collator = new Intl.Collator("en", { numeric: true });

function ordered(files: NamedFile[]): NamedFile[] {
  return files
    .filter(({ name }) => !HIDDEN.test(name.split("/").at(-1)!))
    .sort((a, b) => collator.compare(a.name, b.name));
}

/** The picture in what is pasted; null if there is none. */
export function pasted(event: ClipboardEvent): File | null {
  return [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;
}

/** Whether the device has a camera that file inputs open. */
export function hasCamera(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}
