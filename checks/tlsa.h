/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One TLSA record: may it authenticate an SMTP server?
 */
#pragma once

#include <stdbool.h>

#include "resolver/rdata.h"

/* RFC 6698 4.1, RFC 7672 3.1.3: usage DANE-TA(2) or DANE-EE(3), a known selector and matching type, a digest of the
 * right length, or a whole certificate or public key that OpenSSL reads to its last byte. tlsa->data is hostile. */
bool tlsa_is_usable(const struct rdata_tlsa *tlsa);
