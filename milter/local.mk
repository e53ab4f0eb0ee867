# Sources, libraries and tests of milter/.
noinst_LIBRARIES += milter/libdaemon.a
milter_libdaemon_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
milter_libdaemon_a_SOURCES = \
  milter/daemon.c milter/daemon.h \
  milter/listener.c milter/listener.h \
  milter/milter.c milter/milter.h \
  milter/privileges.c milter/privileges.h \
  milter/report.c milter/report.h \
  milter/signals.c milter/signals.h

sbin_PROGRAMS += milter/sluisd
milter_sluisd_SOURCES = milter/main.c
milter_sluisd_LDADD = milter/libdaemon.a $(session_libs) $(MILTER_LIBS) $(SYSTEMD_LIBS)
# libmilter must find our sigwait(): see signals.c.
milter_sluisd_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic-symbol=sigwait

unit_tests += milter/listener_test
milter_listener_test_SOURCES = milter/listener_test.c
milter_listener_test_LDADD = milter/libdaemon.a $(CMOCKA_LIBS)
