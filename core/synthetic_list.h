/* Every distribution of synthetic images, one per line; expanded several times, so no include guard. */
SYNTHETIC(normal)
SYNTHETIC(uniform)
SYNTHETIC(network)
SYNTHETIC(smooth)
SYNTHETIC(grey)
SYNTHETIC(mixture)
