/** The part of a picture that a canvas shows: how large a pixel of the picture is, and where the picture begins. */
export interface View {
  /** Canvas pixels for a pixel of the picture. */
  scale: number;
  left: number;
  top: number;
}

export interface Area {
  width: number;
  height: number;
}

/** The largest scale, at which single pixels can be counted. */
const MOST = 40;

/** The whole picture in the middle of the canvas; small pictures are enlarged. */
export function fitted(picture: Area, canvas: Area): View {
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height, MOST);
  return {
    scale,
    left: (canvas.width - picture.width * scale) / 2,
    top: (canvas.height - picture.height * scale) / 2,
  };
}

/** The view enlarged by a factor around the point (x, y) of the canvas, within limits. */
export function zoomed(view: View, factor: number, x: number, y: number, picture: Area, canvas: Area): View {
  const least = fitted(picture, canvas).scale;
  const scale = Math.min(Math.max(view.scale * factor, least), Math.max(MOST, least));
  const change = scale / view.scale;
  const moved = { scale, left: x - (x - view.left) * change, top: y - (y - view.top) * change };
  return kept(moved, picture, canvas);
}

/** The view with the picture moved so that it fills the canvas where it is larger, and is centred where it is smaller. */
export function kept(view: View, picture: Area, canvas: Area): View {
  const place = (start: number, size: number, room: number) =>
    size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, start));
  return {
    scale: view.scale,
    left: place(view.left, picture.width * view.scale, canvas.width),
    top: place(view.top, picture.height * view.scale, canvas.height),
  };
}

/** The view moved, without another scale, so that a box of the picture is in it; a box that is visible does not move it. */
export function revealed(
  view: View,
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  picture: Area,
  canvas: Area,
): View {
  const { scale } = view;
  const isInside = (start: number, low: number, high: number, room: number) =>
    start + low * scale >= -1 && start + high * scale <= room + 1;
  if (isInside(view.left, x0, x1, canvas.width) && isInside(view.top, y0, y1, canvas.height)) return view;
  const left = canvas.width / 2 - ((x0 + x1) / 2) * scale;
  const top = canvas.height / 2 - ((y0 + y1) / 2) * scale;
  return kept({ scale, left, top }, picture, canvas);
}

/** The view in a canvas that had another size: what was in its middle still is, and a whole picture is fitted again. */
export function resized(view: View, picture: Area, before: Area, canvas: Area): View {
  const [was, is] = [fitted(picture, before).scale, fitted(picture, canvas)];
  if (view.scale <= was * 1.001) return is;
  const scale = Math.max((view.scale * is.scale) / was, is.scale);
  const change = scale / view.scale;
  const left = canvas.width / 2 - (before.width / 2 - view.left) * change;
  const top = canvas.height / 2 - (before.height / 2 - view.top) * change;
  return kept({ scale, left, top }, picture, canvas);
}
