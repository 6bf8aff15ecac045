// A photograph before it is sent: upright, no larger than it is read, and without what the camera noted in it.
export default ({ make }) => {
  // A4 at 300 dots an inch: more than a model sees of a picture, and half of the canvas that every phone allows.
  const PIXELS_MAX = 2480 * 3508, SMALL_WIDTH = 400;
  // A PNG that is larger than this is a photograph, and smaller as JPEG.
  const PNG_BYTES_MAX = 4_000_000;
  // The date of a file that was drawn here, a date of no camera: it is not drawn again after a reload.
  const DRAWN = 1;

  const drawn = (image, scale) => {
    const canvas = make("canvas", { width: Math.ceil(image.width * scale), height: Math.ceil(image.height * scale) });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  };
  // What is transparent is paper.
  const onPaper = (canvas) => {
    const context = canvas.getContext("2d");
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    return canvas;
  };
  const blobOf = (canvas, type) => new Promise((resolve) => { canvas.toBlob(resolve, type, 0.9); });
  const encoded = async (canvas, type) => {
    const png = type === "image/png" ? await blobOf(canvas, type) : null;
    return png && png.size <= PNG_BYTES_MAX ? png : blobOf(onPaper(canvas), "image/jpeg");
  };

  // Against fingerprinting, some browsers give noise in place of the pixels that were drawn.
  const isTrue = () => {
    const context = make("canvas", { width: 16, height: 16 }).getContext("2d");
    context.fillStyle = "#369";
    context.fillRect(0, 0, 16, 16);
    const colour = [0x33, 0x66, 0x99, 0xff];
    return context.getImageData(0, 0, 16, 16).data.every((value, at) => Math.abs(value - colour[at % 4]) < 8);
  };
  // The file to send, and a small image of it. Fails where the browser cannot read the format.
  const prepare = async (file) => {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const large = drawn(bitmap, Math.min(1, Math.sqrt(PIXELS_MAX / (bitmap.width * bitmap.height))));
    bitmap.close();
    const small = onPaper(drawn(large, SMALL_WIDTH / large.width));
    const blob = file.lastModified === DRAWN || !isTrue() ? null : await encoded(large, file.type);
    // All canvases together have a limit on a phone.
    large.width = large.height = 1;
    if (!blob) return { file, small };
    // The name is the student's, whatever the format: it decides nothing.
    return { file: new File([blob], file.name, { type: blob.type, lastModified: DRAWN }), small };
  };
  // One after the other: a phone has no memory for the pixels of twenty photographs.
  let turn = Promise.resolve();
  return (file) => {
    const prepared = turn.then(() => prepare(file));
    turn = prepared.catch(() => {});
    return prepared;
  };
};
