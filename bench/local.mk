# What measures; run by ./bootstrap bench. Built by `make check`, so that it goes on compiling, but never run there.
check_PROGRAMS += bench/load
bench_load_SOURCES = \
  bench/corpus.c bench/corpus.h \
  bench/load.c \
  bench/mta.c bench/mta.h \
  bench/samples.c bench/samples.h \
  bench/traffic.c bench/traffic.h \
  bench/watch.c bench/watch.h
bench_load_LDADD = $(base_libs)

check_PROGRAMS += bench/floor
bench_floor_SOURCES = bench/floor.c
bench_floor_CFLAGS = $(AM_CFLAGS) $(OPENDKIM_CFLAGS)
bench_floor_LDADD = $(base_libs) $(OPENDKIM_LIBS) $(MILTER_LIBS) $(PTHREAD_LIBS)

check_PROGRAMS += bench/bare
bench_bare_SOURCES = bench/bare.c bench/samples.c bench/samples.h
bench_bare_LDADD = $(base_libs) $(UNBOUND_LIBS)

EXTRA_DIST += bench/bench.py bench/cold.py bench/growth.py bench/import.py bench/measure.py bench/memory.py \
  bench/outbound.py bench/peers bench/peers.py bench/plots.py bench/postfix_load.py bench/protocol.py bench/results \
  bench/tables.py bench/world.py
