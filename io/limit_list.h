/* Every limit of the readers that can be set, one per line; expanded several times, so no include
 * guard.  LIMIT(name in C, name, value, least and most that it can be set to, what is counted) */
LIMIT(FILE_BYTES, "file-bytes", 1 << 30, 1, 1LL << 40, "bytes of an image file or a manifest")
LIMIT(HDF5_CHUNK, "hdf5-chunk", 1 << 30, 1, UINT32_MAX, "bytes of a chunk of an HDF5 data set")
LIMIT(IMAGE_PIXELS, "image-pixels", 178956970, 1, INT32_MAX,
      "pixels of an image, as read or resized")
LIMIT(IMAGE_SCANS, "image-scans", 100, 1, INT32_MAX, "scans of a progressive JPEG")
LIMIT(ONNX_FIELDS, "onnx-fields", 1 << 22, 1, INT32_MAX, "fields of a model's messages")
LIMIT(ONNX_FILES, "onnx-files", 4096, 1, 1 << 20, "files of external data")
LIMIT(ONNX_FREE, "onnx-free", 64 << 20, 0, 1LL << 40, "bytes of constants that any model may have")
LIMIT(ONNX_GROWTH, "onnx-growth", 12, 1, 1 << 20,
      "more bytes of constants per byte of a model's files")
LIMIT(ONNX_INTEGERS, "onnx-integers", 1 << 28, 1, INT32_MAX, "elements of an integer tensor")
LIMIT(ONNX_NESTING, "onnx-nesting", 32, 4, 128, "messages of a model inside one another")
LIMIT(ONNX_SIDE, "onnx-side", 65536, 1, 1 << 24, "rows or columns of a model's input")
LIMIT(ONNX_WORK, "onnx-work", 20000000000, 1, 1LL << 60, "steps of computing a model's constants")
LIMIT(RECIPE_BYTES, "recipe-bytes", 64 << 20, 1, 1 << 30, "bytes of a recipe or a list of classes")
LIMIT(SAMPLES, "samples", 100000000, 1, INT32_MAX, "samples of a data set")
