/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of the DNS. See dns.h.
 */
#include "resolver/dns.h"

bool dns_is_failure(const struct dns_answer *answer)
{
  return answer->status == DNS_FAILURE || answer->status == DNS_BOGUS || answer->status == DNS_TIMEOUT;
}

enum dnssec dnssec_worse(enum dnssec a, enum dnssec b)
{
  return a > b ? a : b;
}

const char *dnssec_name(enum dnssec dnssec)
{
  switch (dnssec) {
  case DNSSEC_SECURE:
    return "secure";
  case DNSSEC_INSECURE:
    return "insecure";
  case DNSSEC_INDETERMINATE:
    return "indeterminate";
  case DNSSEC_BOGUS:
    return "bogus";
  }
  return "indeterminate";
}

const char *dns_status_name(enum dns_status status)
{
  switch (status) {
  case DNS_FOUND:
    return "found";
  case DNS_NODATA:
    return "no data";
  case DNS_NXDOMAIN:
    return "no such name";
  case DNS_FAILURE:
    return "failure";
  case DNS_BOGUS:
    return "bogus";
  case DNS_TIMEOUT:
    return "timeout";
  case DNS_BADNAME:
    return "bad name";
  }
  return "failure";
}

const char *dns_type_name(unsigned type)
{
  switch (type) {
  case DNS_A:
    return "A";
  case DNS_NS:
    return "NS";
  case DNS_CNAME:
    return "CNAME";
  case DNS_SOA:
    return "SOA";
  case DNS_PTR:
    return "PTR";
  case DNS_MX:
    return "MX";
  case DNS_TXT:
    return "TXT";
  case DNS_AAAA:
    return "AAAA";
  case DNS_DS:
    return "DS";
  case DNS_DNSKEY:
    return "DNSKEY";
  case DNS_TLSA:
    return "TLSA";
  default:
    return "?";
  }
}
