# Sources, libraries and tests of ctl/.
noinst_LIBRARIES += ctl/libctl.a
ctl_libctl_a_SOURCES = ctl/destination.c ctl/destination.h ctl/language.c ctl/language.h

bin_PROGRAMS += ctl/sluisctl
ctl_sluisctl_SOURCES = ctl/main.c ctl/command.h \
  ctl/audit.c ctl/audit_aggregate.c ctl/audit_hold.c ctl/audit_import.c ctl/audit_prune.c ctl/audit_report.c \
  ctl/audit_pseudonym.c ctl/audit_show.c ctl/audit_verify.c \
  ctl/day.c ctl/day.h \
  ctl/dane.c ctl/message.c \
  ctl/logs.c ctl/logs.h \
  ctl/setup.c ctl/setup.h \
  ctl/words.c ctl/words.h
ctl_sluisctl_LDADD = ctl/libctl.a $(feedback_libs) story/libstory.a $(report_libs) $(session_libs)

unit_tests += ctl/destination_test
ctl_destination_test_SOURCES = ctl/destination_test.c
ctl_destination_test_LDADD = ctl/libctl.a checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)

unit_tests += ctl/language_test
ctl_language_test_SOURCES = ctl/language_test.c
ctl_language_test_LDADD = ctl/libctl.a $(report_libs) $(CMOCKA_LIBS)

TESTS += ctl/sluisctl_test.py ctl/prune_test.py ctl/show_test.py
EXTRA_DIST += ctl/sluisctl_test.py ctl/prune_test.py ctl/show_test.py ctl/audit_lines.py ctl/points.py
