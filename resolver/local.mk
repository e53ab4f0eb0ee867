# Sources, libraries and tests of resolver/.
noinst_LIBRARIES += resolver/libresolver.a
resolver_libresolver_a_SOURCES = \
  resolver/anchor.c resolver/anchor.h \
  resolver/answer.c resolver/answer.h \
  resolver/context.c resolver/context.h \
  resolver/dns.c resolver/dns.h \
  resolver/fake.c resolver/fake.h \
  resolver/health.c resolver/health.h \
  resolver/lookups.c \
  resolver/name.c resolver/name.h \
  resolver/prefetch.c resolver/prefetch.h \
  resolver/rdata.c resolver/rdata.h \
  resolver/resolver.c resolver/resolver.h \
  resolver/source.h resolver/state.h \
  resolver/table.c resolver/table.h \
  resolver/unbound.c resolver/unbound.h \
  resolver/zone.c resolver/zone.h resolver/zonefile.c
resolver_libs = resolver/libresolver.a $(UNBOUND_LIBS) $(base_libs)

unit_tests += resolver/fake_test
resolver_fake_test_SOURCES = resolver/fake_test.c
resolver_fake_test_LDADD = $(resolver_libs) $(CMOCKA_LIBS)
unit_tests += resolver/health_test
resolver_health_test_SOURCES = resolver/health_test.c
resolver_health_test_LDADD = $(resolver_libs) $(CMOCKA_LIBS)
unit_tests += resolver/rdata_test
resolver_rdata_test_SOURCES = resolver/rdata_test.c
resolver_rdata_test_LDADD = $(resolver_libs) $(CMOCKA_LIBS)
unit_tests += resolver/resolver_test
resolver_resolver_test_SOURCES = resolver/resolver_test.c
resolver_resolver_test_LDADD = $(resolver_libs) $(CMOCKA_LIBS)
unit_tests += resolver/table_test
resolver_table_test_SOURCES = resolver/table_test.c
resolver_table_test_LDADD = $(resolver_libs) $(CMOCKA_LIBS)
unit_tests += resolver/unbound_test
resolver_unbound_test_SOURCES = resolver/unbound_test.c
resolver_unbound_test_LDADD = $(resolver_libs) $(CMOCKA_LIBS)

unit_tests += resolver/prefetch_test
resolver_prefetch_test_SOURCES = resolver/prefetch_test.c
resolver_prefetch_test_LDADD = $(resolver_libs) $(CMOCKA_LIBS)
unit_tests += resolver/result_test
resolver_result_test_SOURCES = resolver/result_test.c
resolver_result_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=ub_resolve_async -Wl,--wrap=ub_resolve_free
resolver_result_test_LDADD = $(resolver_libs) $(CMOCKA_LIBS)
