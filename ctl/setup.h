/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What commands need before they can begin: the configuration and the resolver. Troubles go to standard error.
 */
#pragma once

struct command_options;
struct config;
struct resolver;

/* One reference, yours. NULL, told as "FILE:LINE: message", where the configuration is bad (EX_CONFIG). */
struct config *setup_config(const struct command_options *options);
/* NULL where the trust anchor cannot be had (EX_UNAVAILABLE). A resolver whose self-test fails is told, and used. */
struct resolver *setup_resolver(const struct config *config);
