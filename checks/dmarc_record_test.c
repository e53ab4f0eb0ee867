/* SPDX-License-Identifier: BSD-2-Clause
 *
 * DMARC Policy Records: what each says, as we read it and as libopendmarc confirms it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checks/dmarc_record.h"

/* "p sp np flags": policies by their first letter, "-" where the tag is not there; flags: d and f for strict DKIM and
 * SPF, t for testing, y or n for psd. "unusable flags", or "" for no record. */
static const char *tell(char out[40], const char *text, size_t length)
{
  struct dmarc_record record;
  if (dmarc_record_read(&record, text, length) < 0)
    return "";
  if (!dmarc_record_is_confirmed(&record))
    return "not confirmed";
  if (record.usable)
    snprintf(out, 40, "%c %c %c ", *owner_policy_name(record.p), record.has_sp ? *owner_policy_name(record.sp) : '-',
             record.has_np ? *owner_policy_name(record.np) : '-');
  else
    snprintf(out, 40, "unusable ");
  snprintf(out + strlen(out), 10, "%s%s%s%s", record.strict_dkim ? "d" : "", record.strict_spf ? "f" : "",
           record.testing ? "t" : "", record.psd == PSD_YES ? "y" : record.psd == PSD_NO ? "n" : "");
  return out;
}

static void records_are_read(void **state)
{
  (void)state;
  static const struct {
    const char *text, *told;
  } rows[] = {
      {"v=DMARC1; p=none", "n - - "},
      {"v=DMARC1;p=quarantine;", "q - - "},
      {"v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=s; t=y; psd=y", "r q n dfty"},
      {"v=DMARC1; psd=n; p=reject", "r - - n"},
      {"v = DMARC1 ; p = reject ; aspf=s", "r - - f"},
      {"v\t=\tDMARC1\t;\tp\t=\treject\t", "r - - "},
      {"v=DMARC1; p=REJECT; SP=none; sp=None; adkim=S; psd=Y", "r n - dy"},
      {"v=DMARC1; p=reject; adkim=r; aspf=r; t=n; psd=u", "r - - "},
      {"v=DMARC1; p=reject; adkim=x; aspf=; t=yes; psd=maybe", "r - - "},
      {"v=DMARC1; p=reject; pct=0; rf=iodef; ri=abc; fo=x; xyz=foo", "r - - "},
      {"v=DMARC1; p=reject; ; ; garbage; =x; p", "r - - "},
      {"v=DMARC1; p=reject; adkim=s; adkim=s", "r - - "},
      {"v=DMARC1; p=reject; v=DMARC2", "r - - "},
      {"v=DMARC1", "unusable "},
      {"v=DMARC1;", "unusable "},
      {"v=DMARC1; adkim=s; psd=n", "unusable dn"},
      {"v=DMARC1; p=r", "unusable "},
      {"v=DMARC1; p=", "unusable "},
      {"v=DMARC1; p=reject none", "unusable "},
      {"v=DMARC1; P=reject", "unusable "},
      {"v=DMARC1; p=reject; p=none", "unusable "},
      {"v=DMARC1; p=reject; sp=x", "unusable "},
      {"v=DMARC1; p=reject; np=x", "unusable "},
      {"v=DMARC1; p=foo; rua=mailto:d@example.com", "n - - "},
      {"v=DMARC1; rua=mailto:d@example.com; adkim=s", "n - - d"},
      {"v=DMARC1; p=reject; sp=x; rua=mailto:d@example.com", "n - - "},
      {"v=DMARC1; p=foo; rua=mailto:d@example.com!10m", "n - - "},
      {"v=DMARC1; p=foo; rua=__, ,MAILTO:d@example.com", "n - - "},
      {"v=DMARC1; p=foo; rua=https://example.com/report", "n - - "},
      {"v=DMARC1; p=foo; rua=x; rua=mailto:d@example.com", "n - - "},
      {"v=DMARC1; p=foo; rua=__", "unusable "},
      {"v=DMARC1; p=foo; rua=d@example.com", "unusable "},
      {"v=DMARC1; p=foo; rua=mailto:", "unusable "},
      {"v=DMARC1; p=foo; rua=mailto:d", "unusable "},
      {"v=DMARC1; p=foo; rua=mailto:@example.com", "unusable "},
      {"v=DMARC1; p=foo; rua=mailto:d@", "unusable "},
      {"v=DMARC1; p=foo; rua=mailto:d e@example.com", "unusable "},
      {"v=DMARC1; p=foo; rua=1x:y", "unusable "},
      {"v=DMARC1; p=foo; rua=", "unusable "},
      {"v=DMARC1; p=foo; ruf=mailto:d@example.com", "unusable "},
      {"", ""},
      {"v", ""},
      {"v=", ""},
      {"v=DMARC", ""},
      {"v=DMARC11; p=reject", ""},
      {"v=DMARC1 p=reject", ""},
      {"v=DMARC1, p=reject", ""},
      {"v=DMARC2; p=reject", ""},
      {"v=dmarc1; p=reject", ""},
      {"V=DMARC1; p=reject", ""},
      {" v=DMARC1; p=reject", ""},
      {"p=reject; v=DMARC1", ""},
      {";v=DMARC1; p=reject", ""},
      {"v=spf1 -all", ""},
      {"vv=DMARC1; p=reject", ""},
  };
  char out[40];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *told = tell(out, rows[i].text, strlen(rows[i].text));
    if (strcmp(told, rows[i].told) != 0)
      fail_msg("%s: '%s', not '%s'", rows[i].text, told, rows[i].told);
  }
  assert_string_equal(tell(out, "v=DMARC1; p=rej\0ect", 19), "unusable ");
  assert_string_equal(tell(out, "v=DMARC1; p=foo; rua=mail\0to:a@b", 32), "unusable ");
  assert_string_equal(tell(out, "v=DMARC1\0; p=reject", 19), "");
  assert_string_equal(tell(out, "v=DMARC1; p=reject\xff", 19), "unusable ");
}

static void policies_are_chosen(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    bool is_subdomain, exists;
    enum owner_policy policy;
    const char *tag;
  } rows[] = {
      {"v=DMARC1; p=reject; sp=none; np=quarantine", false, true, OWNER_POLICY_REJECT, "p"},
      {"v=DMARC1; p=reject; sp=none; np=quarantine", false, false, OWNER_POLICY_REJECT, "p"},
      {"v=DMARC1; p=reject; sp=none; np=quarantine", true, true, OWNER_POLICY_NONE, "sp"},
      {"v=DMARC1; p=reject; sp=none; np=quarantine", true, false, OWNER_POLICY_QUARANTINE, "np"},
      {"v=DMARC1; p=reject; sp=none", true, false, OWNER_POLICY_NONE, "sp"},
      {"v=DMARC1; p=reject; np=none", true, true, OWNER_POLICY_REJECT, "p"},
      {"v=DMARC1; p=reject", true, false, OWNER_POLICY_REJECT, "p"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct dmarc_record record;
    const char *tag;
    assert_int_equal(dmarc_record_read(&record, rows[i].text, strlen(rows[i].text)), 0);
    assert_int_equal(dmarc_record_policy(&record, rows[i].is_subdomain, rows[i].exists, &tag), rows[i].policy);
    assert_string_equal(tag, rows[i].tag);
  }
}

static void the_library_confirms_every_record(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 3 * 3 * 4; i++) {
    struct dmarc_record record = {.usable = true,
                                  .p = (enum owner_policy)(i % 3),
                                  .sp = (enum owner_policy)(i / 3 % 3),
                                  .strict_dkim = i / 9 % 2,
                                  .strict_spf = i / 18};
    assert_true(dmarc_record_is_confirmed(&record));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_are_read),
      cmocka_unit_test(policies_are_chosen),
      cmocka_unit_test(the_library_confirms_every_record),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
