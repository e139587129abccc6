#pragma once
/* What a study of input bias consists of. */
#include "jobs/setup.h"

enum { BIAS_BINS = 32 };

enum {
#define BIAS(name, text) BIAS_##name,
#include "jobs/bias_list.h"
#undef BIAS
  BIASES
};

struct bias {
  struct setup setup;
  int reference; /* method whose map says which region is most relevant */
  double region; /* its share of the pixels */
  int resamples;
};

/** Pixel of the file, 0 to 255, that a number of the network's input stands for. */
double bias_pixel(const struct recipe *r, int channel, float x);

/** That of the blind colour: where the input is 0. */
double bias_blind(const struct recipe *r, int channel);

/** Names and meanings of what is measured, and of the bins. */
const char *bias_name(int i);
const char *bias_text(int i);
