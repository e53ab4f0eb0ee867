noinst_LIBRARIES += base/libbase.a
base_libbase_a_SOURCES = \
  base/domain.c base/domain.h \
  base/hash.c base/hash.h \
  base/ip.c base/ip.h \
  base/memory.c base/memory.h \
  base/text.c base/text.h
base_libs = base/libbase.a $(IDN2_LIBS)

unit_tests += base/base_test
base_base_test_SOURCES = base/base_test.c
base_base_test_LDADD = $(base_libs) $(CMOCKA_LIBS)
