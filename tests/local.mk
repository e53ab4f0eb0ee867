# Programs that run text files and vectors through the real code.

check_PROGRAMS += tests/ask
tests_ask_SOURCES = tests/ask.c
tests_ask_LDADD = $(resolver_libs)

check_PROGRAMS += tests/vectors
tests_vectors_SOURCES = tests/vectors.c \
  tests/vector_compare.c tests/vector_compare.h \
  tests/vector_run.c tests/vector_run.h \
  tests/vector_zone.c tests/vector_zone.h
tests_vectors_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_vectors_LDADD = $(session_libs) $(JANSSON_LIBS)
TESTS += tests/vectors_test.sh
EXTRA_DIST += tests/vectors_test.sh tests/suites/session/vectors.json
