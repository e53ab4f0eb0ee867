/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A growing string, and untrusted bytes made printable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Start with {0}. `bytes` is NULL or ends in NUL; free with text_free(). */
struct text {
  char *bytes;
  size_t length, size;
};

void text_free(struct text *text);
void text_clear(struct text *text); /* keeps the memory */
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_add_char(struct text *text, char c);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The longest value from the wire that is told to anybody, in bytes (CONTRACT 7). */
enum { TEXT_PRINTABLE_MAX = 1000 };

/* Writes at most room-1 bytes of value and a NUL to out. Valid UTF-8 without control characters
 * (C0, DEL, C1, and the Unicode line and bidirectional controls) is kept; every other byte becomes '?'.
 * Cuts on a character boundary. The result is one line and valid UTF-8. Returns out. */
char *text_printable(char *out, size_t room, const char *value, size_t length);

/* The same, and every byte outside printable ASCII becomes '?': for SMTP replies and structured
 * header fields. */
char *text_ascii(char *out, size_t room, const char *value, size_t length);

/* True where the bytes are valid UTF-8 (RFC 3629). */
bool text_is_utf8(const char *value, size_t length);
