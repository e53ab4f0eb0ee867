/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The mail that a load consists of: a folder with a file "mix", one line for each mail, and the files that it names.
 *
 *     FILE CLIENT-ADDRESS CLIENT-NAME HELO SENDER RECIPIENT...
 *
 * Mail number n of a run is line n of the mix, which begins anew at its end. Read once, then shared and unchanged.
 */
#pragma once

#include <stddef.h>

struct corpus_field {
  const char *packet; /* name NUL value NUL, the value with its leading space */
  size_t length;
};

struct corpus_message {
  char *bytes; /* of all fields */
  struct corpus_field *fields;
  size_t field_count;
  char *body; /* lines end in CRLF */
  size_t body_length;
};

struct corpus_mail {
  const struct corpus_message *message;
  const char *client, *client_name, *helo, *sender;
  const char *const *recipients; /* ended by NULL */
};

struct corpus {
  struct corpus_mail *mails;
  size_t count;
  const char *const *domains; /* of corpus_read_domains() */
  size_t domain_count;
};

/* 0; or -1 with the reason in `error`. What is read lives as long as the program. */
int corpus_read(struct corpus *corpus, const char *folder, char *error, size_t error_size);
/* One destination domain a line. */
int corpus_read_domains(struct corpus *corpus, const char *path, char *error, size_t error_size);
