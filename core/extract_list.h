/* Every extract, one per line; expanded several times, so no include guard. */
EXTRACT(bias)
EXTRACT(scaling)
EXTRACT(conv1x1)
EXTRACT(conv3x3)
EXTRACT(conv3x3_depthwise)
EXTRACT(cam)
