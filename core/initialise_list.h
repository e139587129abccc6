/* Every way to fill weights: name, function, formula, source, one per line; expanded several times, so no
 * include guard. */
INITIALISE("normal", all_normal, "every weight, bias, scale and shift from N(0, std^2)",
           "Khakzar et al. 2020, arXiv:2012.00362, after the authors' sanity checks (std 0.1)")
INITIALISE("torch", torch_default,
           "weights and biases from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), scales 1, shifts 0",
           "PyTorch, what Conv2d, Linear and BatchNorm2d begin with")
INITIALISE("kaiming", kaiming_normal,
           "weights from N(0, 2/fan_out), biases 0, scales 1, shifts 0",
           "He et al. 2015, arXiv:1502.01852, as torchvision's residual networks begin")
