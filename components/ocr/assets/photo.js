// A photograph before it is sent: upright, no larger than it is read, and without what the camera noted in it.
export default ({ make, encode, bytesMax }) => {
  // A4 at 300 dots an inch: more than a model sees of a picture, and half of the canvas that every phone allows.
  const PIXELS_MAX = 2480 * 3508, SMALL_WIDTH = 400;
  // The date of a file that was drawn here, a date of no camera: it is not drawn again after a reload.
  const DRAWN = 1;

  const drawn = (image, scale, ground = "transparent") => {
    const canvas = make("canvas", { width: Math.ceil(image.width * scale), height: Math.ceil(image.height * scale) });
    const context = canvas.getContext("2d");
    context.fillStyle = ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  };
  // Against fingerprinting, some browsers give noise in place of the pixels that were drawn.
  const isTrue = () => {
    const context = make("canvas", { width: 16, height: 16 }).getContext("2d");
    context.fillStyle = "#369";
    context.fillRect(0, 0, 16, 16);
    const colour = [0x33, 0x66, 0x99, 0xff];
    return context.getImageData(0, 0, 16, 16).data.every((value, at) => Math.abs(value - colour[at % 4]) < 8);
  };
  // The file to send, and a small image of it.
  const prepare = async (file) => {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const small = drawn(bitmap, Math.min(1, SMALL_WIDTH / bitmap.width), "#fff");
    const stays = file.lastModified === DRAWN || !isTrue();
    const large = stays ? null : drawn(bitmap, Math.min(1, Math.sqrt(PIXELS_MAX / (bitmap.width * bitmap.height))));
    bitmap.close();
    const blob = large && (await encode(large, file.type === "image/png" ? bytesMax : 0, bytesMax));
    // The name is the student's, whatever the format: it decides nothing.
    return { file: blob ? new File([blob], file.name, { type: blob.type, lastModified: DRAWN }) : file, small };
  };
  // One after the other: a phone has no memory for the pixels of twenty photographs.
  let turn = Promise.resolve();
  return (file) => {
    // What the browser cannot read goes as it is.
    turn = turn.then(() => prepare(file)).catch(() => ({ file }));
    return turn;
  };
};
