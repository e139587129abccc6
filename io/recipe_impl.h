#pragma once
/* What the parts of the recipe share. */
#include "io/recipe.h"

#include <stdio.h>

/** Words for the settings that are lists, ended by NULL where walked. */
const char *recipe_filter_name(enum recipe_filter f);

/** Read "bilinear", in any case, from the first word of text.  Errors: ERR_USAGE lists the words. */
MUST_CHECK err recipe_read_filter(const char *text, enum recipe_filter *out);

/** Set the channel order: "RGB", "BGR", or "GRAY", "GREY", "L" for one channel.
 *  Errors: ERR_USAGE. */
MUST_CHECK err recipe_set_order(struct recipe *r, const char *text);

/** Set mean or std (`name`) from n numbers: one for all channels, or one each.  Errors: ERR_USAGE. */
MUST_CHECK err recipe_set_numbers(struct recipe *r, const char *name, const double *v, int n);

/** Resize the short side, or to height x width.  Errors: ERR_USAGE. */
MUST_CHECK err recipe_set_short_side(struct recipe *r, double side);
MUST_CHECK err recipe_set_exact(struct recipe *r, double height, double width);

/** Hand over class names and second names (ids, or NULL), each [n]; freed also on failure.
 *  Errors: ERR_FORMAT (`where` holds another number of names than the model has classes). */
MUST_CHECK err recipe_set_classes(struct recipe *r, char **names, char **ids, int n,
                                  const char *where);

/** Read a class file into the recipe: one name a line, or CSV with a header (name or class, and
 *  optionally class_id and a second name).  Errors: ERR_INPUT, ERR_FORMAT. */
MUST_CHECK err recipe_read_classes(struct recipe *r, const char *path);

/** Apply the JSON file.  Errors: as recipe_read. */
MUST_CHECK err recipe_read_json(struct recipe *r, const char *path);

/** The views as a JSON object with sorted keys. */
void recipe_view_print(FILE *f, const struct recipe_view *v);
void recipe_view_free(struct recipe_view *v);

/** Free a list of n texts; NULL is fine. */
void recipe_free_texts(char **text, int n);
