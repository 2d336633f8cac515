/** Why a chart has no list of images. */
export const NO_MANIFEST = "it has no images.yaml, which lists the images of a chart";
