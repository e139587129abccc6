/** @file
 *  Glyphs through FreeType: hinted upright only, placed at fractions of a pixel. */
#include "io/text.h"

#include <ft2build.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

/* DejaVuSans.ttf, put into the program by CMakeLists.txt. */
extern const unsigned char font_begin[], font_end[];

enum { REPLACEMENT = 0xFFFD };

struct text {
  FT_Library library;
  FT_Face face;
  int size; /* that the face is set to */
};

err text_open(struct text **out)
{
  err e = ERR_OK;
  struct text *t = calloc(1, sizeof *t);

  CHECK_DONE(t, ERR_MEMORY, "no memory for the font");
  CHECK_DONE(!FT_Init_FreeType(&t->library), ERR_MEMORY, "FreeType does not start");
  CHECK_DONE(!FT_New_Memory_Face(t->library, font_begin, font_end - font_begin, 0, &t->face),
             ERR_FORMAT, "the font inside the program is damaged: build it again");
  *out = t;
  t = NULL;

done:
  text_close(&t);
  return e;
}

void text_close(struct text **t)
{
  if (!*t) return;
  if ((*t)->face) (void)FT_Done_Face((*t)->face);
  if ((*t)->library) (void)FT_Done_FreeType((*t)->library);
  free(*t);
  *t = NULL;
}

static void use_size(struct text *t, int size)
{
  if (t->size != size && !FT_Set_Pixel_Sizes(t->face, 0, (FT_UInt)size)) t->size = size;
}

/** Bytes after the first that a sequence has by its first byte; -1 where none begins so. */
static int more_bytes(unsigned char first)
{
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first < 0xE0) return 1;
  if (first >= 0xE0 && first < 0xF0) return 2;
  if (first >= 0xF0 && first < 0xF5) return 3;
  return -1;
}

/** The code point at *s, which moves behind it. */
static FT_ULong next_point(const char **s)
{
  const unsigned char first = (unsigned char)*(*s)++;
  const int more = more_bytes(first);

  if (first < 0x20 || first == 0x7F || more < 0) return REPLACEMENT;
  FT_ULong point = more ? first & (0x3FU >> more) : first;
  for (int i = 0; i < more; i++) {
    const unsigned char c = (unsigned char)(*s)[i];
    if ((c & 0xC0U) != 0x80U) return REPLACEMENT;
    point = point << 6 | (c & 0x3FU);
  }
  *s += more;
  return point;
}

/** Draw one glyph whose origin is `pen` 64ths of a pixel right of the canvas's left edge. */
static void draw_glyph(FT_GlyphSlot glyph, struct canvas *c, FT_Pos pen, int y, struct color color)
{
  if (glyph->format != FT_GLYPH_FORMAT_OUTLINE) return;
  FT_Outline_Translate(&glyph->outline, pen & 63, 0);
  if (FT_Render_Glyph(glyph, FT_RENDER_MODE_NORMAL)) return;
  const FT_Bitmap *b = &glyph->bitmap;
  const int left = (int)(pen >> 6) + glyph->bitmap_left, top = y - glyph->bitmap_top;
  for (int v = 0; v < (int)b->rows; v++) {
    for (int u = 0; u < (int)b->width; u++)
      canvas_blend(c, left + u, top + v, color, b->buffer[v * b->pitch + u]);
  }
}

/** Go along a line from `pen`, in 64ths of a pixel; draws where there is a canvas.  Returns the pen's
 *  place behind the line. */
static FT_Pos walk(struct text *t, struct canvas *c, FT_Pos pen, int y, struct color color,
                   const char *line)
{
  FT_UInt before = 0;

  while (*line) {
    const FT_UInt index = FT_Get_Char_Index(t->face, next_point(&line));
    FT_Vector kern = {0, 0};
    if (before) (void)FT_Get_Kerning(t->face, before, index, FT_KERNING_UNFITTED, &kern);
    before = index;
    if (FT_Load_Glyph(t->face, index, FT_LOAD_TARGET_LIGHT | FT_LOAD_NO_BITMAP)) continue;
    pen += kern.x;
    const FT_Pos advance = t->face->glyph->linearHoriAdvance / 1024; /* 16.16 to 26.6 */
    if (c) draw_glyph(t->face->glyph, c, pen, y, color);
    pen += advance;
  }
  return pen;
}

int text_width(struct text *t, int size, const char *line)
{
  use_size(t, size);
  return (int)((walk(t, NULL, 0, 0, (struct color){0}, line) + 63) / 64);
}

int text_ascent(struct text *t, int size)
{
  use_size(t, size);
  return (int)((t->face->size->metrics.ascender + 63) / 64);
}

void text_draw(struct text *t, struct canvas *c, int size, int x, int y, struct color color,
               const char *line)
{
  use_size(t, size);
  (void)walk(t, c, (FT_Pos)x * 64, y, color, line);
}

static bool continues(char c)
{
  return ((unsigned char)c & 0xC0U) == 0x80U;
}

/** The first `head` bytes, an ellipsis, and the last `tail` bytes of a line of n bytes; cut between
 *  code points. */
static void join(const char *line, size_t n, size_t head, size_t tail, char *out, size_t bytes)
{
  while (head > 0 && continues(line[head])) head--;
  while (tail > 0 && continues(line[n - tail])) tail--;
  (void)snprintf(out, bytes, "%.*s\u2026%s", (int)head, line, line + n - tail);
}

char *text_shorten(struct text *t, int size, int width, const char *line, char *out, size_t bytes)
{
  const size_t n = strlen(line);

  if (n < bytes && text_width(t, size, line) <= width) {
    memcpy(out, line, n + 1);
    return out;
  }
  size_t kept = n < bytes ? n : bytes;
  kept = kept > 4 ? kept - 4 : 0; /* the ellipsis has three bytes, and the closing zero */
  for (;; kept--) {
    join(line, n, kept - kept / 2, kept / 2, out, bytes);
    if (kept == 0 || text_width(t, size, out) <= width) return out;
  }
}
