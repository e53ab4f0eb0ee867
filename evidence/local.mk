# Sources, libraries and tests of evidence/.
noinst_LIBRARIES += evidence/libevidence.a
evidence_libevidence_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(PQ_CFLAGS) $(CRYPTO_CFLAGS) $(YAJL_CFLAGS)
evidence_libevidence_a_SOURCES = \
  evidence/arrivals.c evidence/arrivals.h \
  evidence/audit_reader.c evidence/audit_reader.h \
  evidence/backend.h \
  evidence/class.c evidence/class.h \
  evidence/daily.c evidence/daily.h \
  evidence/database.c evidence/database.h \
  evidence/database_postgres.c \
  evidence/database_sqlite.c \
  evidence/document.c evidence/document.h \
  evidence/hold.c evidence/hold.h \
  evidence/import.c evidence/import.h \
  evidence/moment.c evidence/moment.h \
  evidence/mta_fact.h \
  evidence/mta_log.c evidence/mta_log.h \
  evidence/mta_reader.c evidence/mta_reader.h \
  evidence/origin.c evidence/origin.h \
  evidence/postconf.c evidence/postconf.h \
  evidence/postfix.c evidence/postfix.h \
  evidence/prune.c evidence/prune.h evidence/prune_file.c \
  evidence/schema.c evidence/schema.h \
  evidence/sendmail.c evidence/sendmail.h \
  evidence/settle.c evidence/settle.h \
  evidence/settle_recipients.c evidence/settle_recipients.h \
  evidence/tls_sessions.c evidence/tls_sessions.h
evidence_libs = evidence/libevidence.a $(audit_libs) $(SQLITE_LIBS) $(PQ_LIBS) $(lines_libs)

unit_tests += evidence/class_test evidence/daily_test evidence/document_test evidence/mta_fact_test evidence/mta_log_test
evidence_class_test_SOURCES = evidence/class_test.c
evidence_class_test_LDADD = $(evidence_libs) $(CMOCKA_LIBS)
evidence_daily_test_SOURCES = evidence/daily_test.c
evidence_daily_test_LDADD = $(evidence_libs) $(CMOCKA_LIBS)
evidence_document_test_SOURCES = evidence/document_test.c
evidence_document_test_LDADD = $(evidence_libs) $(CMOCKA_LIBS)
evidence_mta_fact_test_SOURCES = evidence/mta_fact_test.c
evidence_mta_fact_test_LDADD = $(evidence_libs) $(CMOCKA_LIBS)
evidence_mta_log_test_SOURCES = evidence/mta_log_test.c
evidence_mta_log_test_LDADD = $(evidence_libs) $(CMOCKA_LIBS)
