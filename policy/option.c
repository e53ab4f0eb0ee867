/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The options of the configuration file. See option.h. A new option is a row here, a line in init/sluis.conf with the
 * same default, a paragraph in the manual page, and a field in struct config.
 */
#include "policy/option.h"

#include "policy/config.h"

enum { CONTACT_MAX = 150 }; /* a reply's text has 400 bytes for everything */

#define IN(field) offsetof(struct config, field)
#define LEVEL(which) offsetof(struct config, levels) + (which) * sizeof(enum level)
#define IN_DOMAIN(field) offsetof(struct config_domain, field)
#define IN_EXCEPTION(field) offsetof(struct config_exception, field)

const struct option option_table[] = {
    {OPTION_TOP, "listen", OPTION_ONE, value_listen, IN(listen), "unix:/run/sluis/sluis.sock", {0}},
    {OPTION_TOP, "socket-mode", OPTION_ONE, value_octal, IN(socket_mode), "0660", {0}},
    {OPTION_TOP, "socket-group", OPTION_ONE, value_text, IN(socket_group), "", {0}},
    {OPTION_TOP, "user", OPTION_ONE, value_text, IN(user), "sluis", {0}},
    {OPTION_TOP, "crash-journal", OPTION_ONE, value_text, IN(crash_journal), "/var/lib/sluis/in-hand", {0}},
    {OPTION_TOP, "isolation", OPTION_ONE, value_bool, IN(isolation), "true", {0}},
    {OPTION_TOP, "authserv-id", OPTION_ONE, value_authserv, IN(authserv_id), "", {0}},
    {OPTION_TOP, "mode", OPTION_ONE, value_mode, IN(mode), "annotate", {0}},
    {OPTION_TOP, "internal-networks", OPTION_NETWORKS, value_network, IN(internal_networks), "127.0.0.0/8 ::1/128",
     {0}},
    {OPTION_TOP, "originating-daemons", OPTION_STRINGS, value_name, IN(originating_daemons), "ORIGINATING", {0}},
    {OPTION_TOP, "local-domains", OPTION_STRINGS, value_domain, IN(local_domains), "", {0}},
    {OPTION_TOP, "dane-mailers", OPTION_STRINGS, value_name, IN(dane_mailers), "smtp relay esmtp smtp8 dsmtp", {0}},
    {OPTION_TOP, "trusted-relays", OPTION_NETWORKS, value_network, IN(trusted_relays), "", {0}},

    {"resolver", "servers", OPTION_STRINGS, value_server, IN(resolver.servers), "", {0}},
    {"resolver", "trust-anchor", OPTION_ONE, value_name, IN(resolver.trust_anchor), "/usr/share/dns/root.key", {0}},
    {"resolver", "timeout", OPTION_ONE, value_number, IN(resolver.timeout), "5", {1, 60}},
    {"resolver", "budget", OPTION_ONE, value_number, IN(resolver.budget), "25", {1, 120}},
    {"resolver", "cache-size", OPTION_ONE, value_number, IN(resolver.cache_size), "16", {1, 4096}},

    {"inbound", "spf", OPTION_ONE, value_level, LEVEL(STANDARD_SPF), "annotate", {0}},
    {"inbound", "dkim", OPTION_ONE, value_level, LEVEL(STANDARD_DKIM), "annotate", {0}},
    {"inbound", "dmarc", OPTION_ONE, value_level, LEVEL(STANDARD_DMARC), "annotate", {0}},
    {"inbound", "tls", OPTION_ONE, value_level, LEVEL(STANDARD_TLS), "annotate", {0}},
    {"inbound", "author", OPTION_ONE, value_level, LEVEL(STANDARD_AUTHOR), "annotate", {0}},

    {"outbound", "dane", OPTION_ONE, value_level, LEVEL(STANDARD_DANE), "annotate", {0}},
    {"outbound", "on-temporary-failure", OPTION_ONE, value_temporary, IN(defer_on_temporary_failure), "defer", {0}},
    {"outbound", "contact", OPTION_ONE, value_ascii, IN(contact), "", {0, CONTACT_MAX}},

    {"domain", "standard", OPTION_MARKS, value_standard, IN_DOMAIN(standards), NULL, {0}},
    {"domain", "level", OPTION_ONE, value_level, IN_DOMAIN(level), NULL, {0}},

    {"exception", "domain", OPTION_STRINGS, value_domain, IN_EXCEPTION(domains), NULL, {0}},
    {"exception", "standard", OPTION_MARKS, value_standard, IN_EXCEPTION(standards), NULL, {0}},
    {"exception", "level", OPTION_ONE, value_level, IN_EXCEPTION(level), NULL, {0}},
    {"exception", "reason", OPTION_ONE, value_name, IN_EXCEPTION(reason), NULL, {0}},
    {"exception", "owner", OPTION_ONE, value_text, IN_EXCEPTION(owner), "", {0}},
    {"exception", "until", OPTION_ONE, value_date, IN_EXCEPTION(until), NULL, {0}},

    {"audit", "log", OPTION_ONE, value_name, IN(audit.log), "/var/log/sluis/audit.jsonl", {0}},
    {"audit", "addresses", OPTION_ONE, value_addresses, IN(audit.addresses), "domain", {0}},
    {"audit", "pseudonym-key", OPTION_ONE, value_text, IN(audit.pseudonym_key), "", {0}},
    {"audit", "required", OPTION_ONE, value_bool, IN(audit.required), "false", {0}},
    {NULL, NULL, OPTION_ONE, NULL, 0, NULL, {0}},
};
