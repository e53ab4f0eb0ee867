/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which TLSA records are usable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "checks/tlsa.h"

#define D16 "abababababababababababababababab"
#define D32 D16 D16
#define D64 D32 D32
/* An Ed25519 key, and a certificate that it signed for itself. */
#define SPKI "302a300506032b65700321007ab6c055dce24dc3f5ba1811a00d1ea43ed80aca54487057fac2a85c03c7d42e"
#define CERTIFICATE                                                                                                   \
  "308201303081e3a0030201020214603a411fc242050c247661c4b99bf8afc8291bbf300506032b6570300d310b300906035504030c026d78" \
  "3020170d3236313132333233333233315a180f32313236313033303233333233315a300d310b300906035504030c026d78302a3005060"   \
  "32b65700321007ab6c055dce24dc3f5ba1811a00d1ea43ed80aca54487057fac2a85c03c7d42ea3533051301d0603551d0e041604143b08" \
  "9e79868ea9cfd92fa8fe49b2f4b656b27b53301f0603551d230418301680143b089e79868ea9cfd92fa8fe49b2f4b656b27b53300f0603" \
  "551d130101ff040530030101ff300506032b6570034100e4d0adb9b783881bf2b19357550eae90b15eeb53551eda3e87c07f7c4c64f5f3" \
  "ace703fd9cfc4ebc2ae3aa7a71a74a3496ccdadf2c5a0fcacbd0acc540f8cf0e"

/* Reads "USAGE SELECTOR TYPE HEX" as stands in zone files. */
static struct rdata_tlsa read_record(const char *words, uint8_t data[1024])
{
  struct rdata_tlsa tlsa = {.data = data};
  char hex[1500] = "";
  assert_true(sscanf(words, "%u %u %u %1499s", &tlsa.usage, &tlsa.selector, &tlsa.matching_type, hex) >= 3);
  for (; sscanf(hex + 2 * tlsa.length, "%2hhx", &data[tlsa.length]) == 1; tlsa.length++)
    ;
  assert_int_equal(2 * tlsa.length, strlen(hex));
  return tlsa;
}

static void usable_records(void **state)
{
  (void)state;
  static const struct {
    const char *tlsa;
    bool usable;
  } rows[] = {
      {"3 1 1 " D32, true},
      {"3 1 2 " D64, true},
      {"3 0 1 " D32, true},
      {"3 0 2 " D64, true},
      {"2 0 1 " D32, true},
      {"2 0 2 " D64, true},
      {"2 1 1 " D32, true},
      {"2 1 2 " D64, true},
      {"3 0 0 " CERTIFICATE, true},
      {"2 0 0 " CERTIFICATE, true},
      {"3 1 0 " SPKI, true},
      {"2 1 0 " SPKI, true},
      /* RFC 7672 3.1.3: PKIX-TA and PKIX-EE */
      {"0 0 1 " D32, false},
      {"1 1 1 " D32, false},
      {"0 0 0 " CERTIFICATE, false},
      /* unassigned and private numbers */
      {"4 1 1 " D32, false},
      {"10 1 1 " D32, false},
      {"255 1 1 " D32, false},
      {"3 2 1 " D32, false},
      {"3 255 1 " D32, false},
      {"3 1 3 " D32, false},
      {"3 1 255 " D32, false},
      {"3 2 0 " SPKI, false},
      /* digests of a wrong length */
      {"3 1 1 " D16, false},
      {"3 1 1 " D32 "ab", false},
      {"3 1 2 " D32, false},
      {"3 1 1 " D64, false},
      {"3 1 1 ", false},
      {"3 1 2 ", false},
      /* whole data that is not what the selector says, or not to the last byte */
      {"3 1 0 ", false},
      {"3 0 0 ", false},
      {"3 1 0 00", false},
      {"2 0 0 00", false},
      {"3 1 0 " CERTIFICATE, false},
      {"3 0 0 " SPKI, false},
      {"3 1 0 " SPKI "00", false},
      {"3 0 0 " CERTIFICATE "00", false},
      {"3 1 0 302a300506032b65700321007ab6", false},
      {"3 0 0 308201303081e3a003020102", false},
      {"3 0 0 3080", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t data[1024];
    struct rdata_tlsa tlsa = read_record(rows[i].tlsa, data);
    if (tlsa_is_usable(&tlsa) != rows[i].usable)
      fail_msg("row %zu: %.60s", i, rows[i].tlsa);
  }
}

static void bad_records_leave_no_errors_behind(void **state)
{
  (void)state;
  ERR_clear_error();
  uint8_t data[1024];
  struct rdata_tlsa tlsa = read_record("3 1 0 0011", data);
  assert_false(tlsa_is_usable(&tlsa));
  assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(usable_records), cmocka_unit_test(bad_records_leave_no_errors_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
