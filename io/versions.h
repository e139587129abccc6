#pragma once
/* Versions of the libraries that numbers depend on. */

/** "HDF5 1.10.8, libjpeg-turbo 2.1.5, libpng 1.6.39": decoders and the file library. */
const char *versions_text(void);
