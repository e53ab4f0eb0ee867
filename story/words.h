/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of the audit log and of the database, in plain language.
 */
#pragma once

enum words { WORDS_SPF, WORDS_DKIM, WORDS_DMARC, WORDS_DNSSEC, WORDS_VERDICT, WORDS_LINK, WORDS_MX, WORDS_CLASS, WORDS_ACTION,
             WORDS_WOULD, WORDS_COUNT };

/* NULL for a word that is not known, or NULL. Constant text. */
const char *words_explain(enum words table, const char *word);

enum words_agreement { WORDS_AGREE, WORDS_DISAGREE, WORDS_UNDECIDED };

/* Does what the MTA's log proves (a class) fit with what was assessed (a verdict)? Either may be NULL. */
enum words_agreement words_agree(const char *verdict, const char *class);
