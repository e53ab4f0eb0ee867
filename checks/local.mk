noinst_LIBRARIES += checks/libchecks.a
checks_libchecks_a_CFLAGS = $(AM_CFLAGS) $(OPENDKIM_CFLAGS)
checks_libchecks_a_SOURCES = checks/facts.c checks/facts.h

# DANE and TLS
checks_libchecks_a_SOURCES += \
  checks/dane.h \
  checks/tls.c checks/tls.h checks/tls_guideline.h checks/tls_ncsc_2025_05.c \
  checks/tlsa.c checks/tlsa.h
unit_tests += checks/tls_test checks/tlsa_test
checks_tls_test_SOURCES = checks/tls_test.c
checks_tls_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
checks_tlsa_test_SOURCES = checks/tlsa_test.c
checks_tlsa_test_LDADD = checks/libchecks.a $(CRYPTO_LIBS) $(base_libs) $(CMOCKA_LIBS)

# SPF
checks_libchecks_a_SOURCES += \
  checks/spf.c checks/spf.h \
  checks/spf_engine.c checks/spf_engine.h \
  checks/spf_macro.c checks/spf_macro.h \
  checks/spf_record.c checks/spf_record.h \
  checks/spf_run.c checks/spf_run.h
unit_tests += checks/spf_macro_test checks/spf_record_test
checks_spf_macro_test_SOURCES = checks/spf_macro_test.c
checks_spf_macro_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
checks_spf_record_test_SOURCES = checks/spf_record_test.c
checks_spf_record_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
