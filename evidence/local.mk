# Sources, libraries and tests of evidence/.
noinst_LIBRARIES += evidence/libevidence.a
evidence_libevidence_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(PQ_CFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS)
evidence_libevidence_a_SOURCES = \
  evidence/audit_reader.c evidence/audit_reader.h \
  evidence/backend.h \
  evidence/daily.c evidence/daily.h \
  evidence/database.c evidence/database.h \
  evidence/database_postgres.c \
  evidence/database_sqlite.c \
  evidence/hold.c evidence/hold.h \
  evidence/import.c evidence/import.h \
  evidence/lines.c evidence/lines.h \
  evidence/moment.c evidence/moment.h \
  evidence/origin.c evidence/origin.h \
  evidence/prune.c evidence/prune.h evidence/prune_file.c \
  evidence/remains.c evidence/remains.h \
  evidence/schema.c evidence/schema.h
evidence_libs = evidence/libevidence.a $(audit_libs) $(SQLITE_LIBS) $(PQ_LIBS) $(JANSSON_LIBS) $(ZLIB_LIBS)

unit_tests += evidence/daily_test
evidence_daily_test_SOURCES = evidence/daily_test.c
evidence_daily_test_LDADD = $(evidence_libs) $(CMOCKA_LIBS)
