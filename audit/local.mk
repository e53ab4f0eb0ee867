# Sources, libraries and tests of audit/.
noinst_LIBRARIES += audit/libaudit.a
audit_libaudit_a_CFLAGS = $(AM_CFLAGS) $(YAJL_CFLAGS) $(CRYPTO_CFLAGS)
audit_libaudit_a_SOURCES = \
  audit/chain.c audit/chain.h \
  audit/emitter.c audit/emitter.h \
  audit/log.c audit/log.h \
  audit/record.c audit/record.h \
  audit/value.c audit/value.h
audit_libs = audit/libaudit.a policy/libpolicy.a checks/libchecks.a resolver/libresolver.a $(base_libs) \
  $(CONFUSE_LIBS) $(YAJL_LIBS) $(CRYPTO_LIBS) $(PTHREAD_LIBS)

unit_tests += audit/record_test
audit_record_test_SOURCES = audit/record_test.c
audit_record_test_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
audit_record_test_LDADD = $(audit_libs) $(JANSSON_LIBS) $(CMOCKA_LIBS)

unit_tests += audit/log_test
audit_log_test_SOURCES = audit/log_test.c
audit_log_test_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
audit_log_test_LDADD = $(audit_libs) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
