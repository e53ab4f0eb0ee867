# Programs that run text files and vectors through the real code.

check_PROGRAMS += tests/ask
tests_ask_SOURCES = tests/ask.c
tests_ask_LDADD = $(resolver_libs)
