# Sources, libraries and tests of feedback/.
noinst_LIBRARIES += feedback/libfeedback.a
feedback_libfeedback_a_CFLAGS = $(AM_CFLAGS) $(XML_CFLAGS) $(ZLIB_CFLAGS)
feedback_libfeedback_a_SOURCES = \
  feedback/destination.c feedback/destination.h \
  feedback/dispatch.c feedback/dispatch.h \
  feedback/document.c feedback/document.h feedback/mail.c \
  feedback/ledger.c feedback/ledger.h \
  feedback/sendmail.c feedback/sendmail.h \
  feedback/tally.c feedback/tally.h
feedback_libs = feedback/libfeedback.a $(trail_libs) checks/libchecks.a $(resolver_libs) $(XML_LIBS)

check_PROGRAMS += feedback/rehearse
feedback_rehearse_SOURCES = feedback/rehearse.c
feedback_rehearse_LDADD = $(feedback_libs)

TESTS += feedback/feedback_test.py
EXTRA_DIST += feedback/feedback_test.py
