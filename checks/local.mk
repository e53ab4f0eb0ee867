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

# DKIM
checks_libchecks_a_SOURCES += \
  checks/canonical.c checks/canonical.h \
  checks/dkim.c checks/dkim.h \
  checks/key.c checks/key.h \
  checks/signature.c checks/signature.h \
  checks/taglist.c checks/taglist.h
