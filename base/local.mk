noinst_LIBRARIES += base/libbase.a
base_libbase_a_SOURCES = \
  base/domain.c base/domain.h \
  base/hash.c base/hash.h \
  base/ip.c base/ip.h \
  base/lines.c base/lines.h \
  base/memory.c base/memory.h \
  base/text.c base/text.h \
  base/unpack.c base/unpack.h
base_libs = base/libbase.a $(IDN2_LIBS)
# What base/lines.h needs beside.
lines_libs = $(ZLIB_LIBS) $(LZMA_LIBS) $(ZSTD_LIBS)

unit_tests += base/base_test
base_base_test_SOURCES = base/base_test.c
base_base_test_LDADD = $(base_libs) $(CMOCKA_LIBS)

unit_tests += base/lines_test
base_lines_test_SOURCES = base/lines_test.c
base_lines_test_LDADD = $(base_libs) $(lines_libs) $(CMOCKA_LIBS)
