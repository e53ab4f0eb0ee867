# Sources, libraries and tests of session/.
noinst_LIBRARIES += session/libsession.a
session_libsession_a_SOURCES = \
  session/inbound.c \
  session/outbound.c \
  session/replay.c session/replay.h \
  session/service.c session/service.h \
  session/session.c session/session.h \
  session/transaction.h

# All that a program on top of session/ needs, from the top down.
session_libs = session/libsession.a audit/libaudit.a policy/libpolicy.a checks/libchecks.a message/libmessage.a \
  resolver/libresolver.a base/libbase.a $(YAJL_LIBS) $(CONFUSE_LIBS) $(OPENDKIM_LIBS) $(OPENDMARC_LIBS) $(SPF2_LIBS) \
  $(UNBOUND_LIBS) $(CRYPTO_LIBS) $(IDN2_LIBS) $(PTHREAD_LIBS)

unit_tests += session/session_test
session_session_test_SOURCES = session/session_test.c
session_session_test_LDADD = $(session_libs) $(CMOCKA_LIBS)
