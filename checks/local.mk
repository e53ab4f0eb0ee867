noinst_LIBRARIES += checks/libchecks.a
checks_libchecks_a_CFLAGS = $(AM_CFLAGS) $(OPENDKIM_CFLAGS)
checks_libchecks_a_SOURCES = checks/facts.c checks/facts.h
