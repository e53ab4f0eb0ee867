# Sources, libraries and tests of trail/.
noinst_LIBRARIES += trail/libtrail.a
trail_libtrail_a_SOURCES = \
  trail/judge.c trail/rows.c trail/verify.c trail/verify.h trail/walk.c trail/walk.h \
  trail/mark.c trail/mark.h \
  trail/path.c trail/path.h \
  trail/survey.c trail/survey.h \
  trail/verdict.c
trail_libs = trail/libtrail.a $(audit_libs) $(lines_libs)

TESTS += trail/auditor_test.py trail/tamper_test.py
EXTRA_DIST += trail/auditor_test.py trail/tamper_test.py

unit_tests += trail/verify_test
trail_verify_test_SOURCES = trail/verify_test.c
trail_verify_test_LDADD = $(trail_libs) $(CMOCKA_LIBS)
