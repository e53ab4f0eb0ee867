noinst_LIBRARIES += checks/libchecks.a
checks_libchecks_a_CFLAGS = $(AM_CFLAGS) $(OPENDKIM_CFLAGS)
checks_libchecks_a_SOURCES = checks/facts.c checks/facts.h

# DANE and TLS
checks_libchecks_a_SOURCES += \
  checks/dane.c checks/dane.h \
  checks/dane_host.c checks/dane_host.h \
  checks/next_hop.c checks/next_hop.h \
  checks/tls.c checks/tls.h checks/tls_guideline.h checks/tls_ncsc_2025_05.c \
  checks/tlsa.c checks/tlsa.h
unit_tests += checks/dane_test checks/next_hop_test checks/tls_test checks/tlsa_test
checks_dane_test_SOURCES = checks/dane_test.c
checks_dane_test_LDADD = checks/libchecks.a $(resolver_libs) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
checks_next_hop_test_SOURCES = checks/next_hop_test.c
checks_next_hop_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
checks_tls_test_SOURCES = checks/tls_test.c
checks_tls_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
checks_tlsa_test_SOURCES = checks/tlsa_test.c
checks_tlsa_test_LDADD = checks/libchecks.a $(CRYPTO_LIBS) $(base_libs) $(CMOCKA_LIBS)

# SPF
checks_libchecks_a_SOURCES += \
  checks/spf.c checks/spf.h \
  checks/spf_ahead.c checks/spf_ahead.h \
  checks/spf_engine.c checks/spf_engine.h \
  checks/spf_macro.c checks/spf_macro.h \
  checks/spf_record.c checks/spf_record.h \
  checks/spf_run.c checks/spf_run.h
unit_tests += checks/spf_macro_test checks/spf_record_test
checks_spf_macro_test_SOURCES = checks/spf_macro_test.c
checks_spf_macro_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
checks_spf_record_test_SOURCES = checks/spf_record_test.c
checks_spf_record_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
unit_tests += checks/spf_test checks/spf_limit_test
checks_spf_test_SOURCES = checks/spf_test.c checks/spf_world.c checks/spf_world.h
checks_spf_test_LDADD = checks/libchecks.a $(SPF2_LIBS) $(resolver_libs) $(CMOCKA_LIBS)
checks_spf_limit_test_SOURCES = checks/spf_limit_test.c checks/spf_world.c checks/spf_world.h
checks_spf_limit_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=lookups_waited_ms
checks_spf_limit_test_LDADD = checks/libchecks.a $(SPF2_LIBS) $(resolver_libs) $(CMOCKA_LIBS)
unit_tests += checks/spf_ahead_test
checks_spf_ahead_test_SOURCES = checks/spf_ahead_test.c
checks_spf_ahead_test_LDADD = checks/libchecks.a $(resolver_libs) $(CMOCKA_LIBS)

# DKIM
checks_libchecks_a_SOURCES += \
  checks/body.c checks/body.h \
  checks/dkim.c checks/dkim.h \
  checks/field.c checks/field.h \
  checks/key.c checks/key.h \
  checks/key_cache.c checks/key_cache.h checks/key_trial.c \
  checks/signature.c checks/signature.h \
  checks/taglist.c checks/taglist.h
unit_tests += checks/body_test checks/signature_test checks/taglist_test
checks_body_test_SOURCES = checks/body_test.c
checks_body_test_LDADD = checks/libchecks.a $(CRYPTO_LIBS) $(base_libs) $(CMOCKA_LIBS)
checks_signature_test_SOURCES = checks/signature_test.c
checks_signature_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
checks_taglist_test_SOURCES = checks/taglist_test.c
checks_taglist_test_LDADD = checks/libchecks.a $(base_libs) $(CMOCKA_LIBS)
checks_dkim_libs = checks/libchecks.a $(OPENDKIM_LIBS) $(CRYPTO_LIBS) $(resolver_libs) $(CMOCKA_LIBS)
checks_dkim_helpers = checks/dkim_bench.c checks/dkim_bench.h checks/signer.c checks/signer.h
unit_tests += checks/dkim_test checks/dkim_limit_test
checks_dkim_test_SOURCES = checks/dkim_test.c $(checks_dkim_helpers)
checks_dkim_test_LDADD = $(checks_dkim_libs)
checks_dkim_limit_test_SOURCES = checks/dkim_limit_test.c $(checks_dkim_helpers)
checks_dkim_limit_test_LDADD = $(checks_dkim_libs)
unit_tests += checks/key_cache_test
checks_key_cache_test_SOURCES = checks/key_cache_test.c $(checks_dkim_helpers)
checks_key_cache_test_LDADD = $(checks_dkim_libs)

# DMARC
checks_libchecks_a_SOURCES += \
  checks/dmarc.c checks/dmarc.h \
  checks/dmarc_confirm.c \
  checks/dmarc_record.c checks/dmarc_record.h \
  checks/dmarc_walk.c checks/dmarc_walk.h
unit_tests += checks/dmarc_test checks/dmarc_record_test
checks_dmarc_test_SOURCES = checks/dmarc_test.c
checks_dmarc_test_LDADD = checks/libchecks.a $(resolver_libs) $(OPENDMARC_LIBS) $(CMOCKA_LIBS)
checks_dmarc_record_test_SOURCES = checks/dmarc_record_test.c
checks_dmarc_record_test_LDADD = checks/libchecks.a $(OPENDMARC_LIBS) $(base_libs) $(CMOCKA_LIBS)
