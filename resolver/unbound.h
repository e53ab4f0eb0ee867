/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The source that asks the DNS, on libunbound. Below resolver/ only.
 */
#pragma once

#include <stddef.h>

struct dns_source;

/* The servers and the trust anchor of struct resolver_config. NULL with a message in error. */
struct dns_source *unbound_open(const char *const *servers, size_t count, const char *trust_anchor, char *error,
                                size_t error_size);
