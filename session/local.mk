# Sources, libraries and tests of session/.
noinst_LIBRARIES += session/libsession.a
session_libsession_a_SOURCES = \
  session/inbound.c \
  session/outbound.c \
  session/replay.c session/replay.h \
  session/service.c session/service.h \
  session/session.c session/session.h \
  session/transaction.h
