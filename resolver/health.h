/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the resolver can be relied on: the self-test, and the patience that one wait deserves.
 * Below resolver/ only.
 */
#pragma once

#include <stdbool.h>

struct dns_source;
struct health;
struct resolver_config;

/* Starts nothing yet. */
struct health *health_new(const struct resolver_config *config, struct dns_source *source);
/* One self-test, now; may block for the timeout of an answer. */
void health_test(struct health *health);
/* Starts the thread that tests every self_test_seconds, if there are any; without a thread, a first test that
 * failed is told here. */
void health_start(struct health *health);
/* Ends the thread. The source can be closed then, and after it the health be freed. Take NULL. */
void health_stop(struct health *health);
void health_free(struct health *health);

bool health_is_well(struct health *health);

/* How long to wait for one answer, in milliseconds: the timeout, or far less while nothing answers. Every
 * thread of the daemon waits here in a DNS outage, and mail that needs no answer waits behind them. */
unsigned health_patience_ms(struct health *health);
/* Nothing came within the whole timeout. */
void health_note_timeout(struct health *health);
/* Somebody answered. */
void health_note_answer(struct health *health);
