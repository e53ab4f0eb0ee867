/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What every fuzz target has: the one function that libFuzzer calls, and that replay.c calls in `make check` for each
 * file of fuzz/corpus/TARGET. An input is any bytes at all; the same bytes give the same run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What must hold whatever the input is: else says so on standard error and aborts. */
#define fuzz_require(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

/* NULL, or one line of valid UTF-8 without control characters: fit to be told to people. */
bool fuzz_is_printable(const char *text);
/* "", or a name in its one form. */
bool fuzz_is_domain(const char *name);
