/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The style of the page: one text, and its hash for the page's policy, by which a browser takes this style and no other.
 */
#pragma once

extern const char html_style[];

/* After a change: report/html_test.py says what it has to be. */
#define HTML_STYLE_HASH "sha256-ipdSLHET9CIsghuWiw+SoztVolg3MOfMDfSdbZGYKl8="
