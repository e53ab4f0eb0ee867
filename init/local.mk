# What installs beside the programs: the unit, users and folders, log rotation, the configuration, examples.
EXTRA_DIST += init/logrotate init/sluis-aggregate-reports.service.in init/sluis-aggregate-reports.timer \
  init/sluis-import.service.in init/sluis-import.timer init/sluis-prune.service.in init/sluis-prune.timer \
  init/sluisd.service.in init/sysusers.conf init/tmpfiles.conf
CLEANFILES += init/sluis-aggregate-reports.service init/sluis-import.service init/sluis-prune.service \
  init/sluisd.service

systemdsystemunit_DATA = init/sluis-aggregate-reports.service init/sluis-aggregate-reports.timer \
  init/sluis-import.service init/sluis-import.timer init/sluis-prune.service init/sluis-prune.timer init/sluisd.service
init/sluis-import.service: init/sluis-import.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) init && sed 's,[@]bindir[@],$(bindir),g' \
	  $(srcdir)/init/sluis-import.service.in > $@.tmp && mv $@.tmp $@
init/sluis-prune.service: init/sluis-prune.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) init && sed 's,[@]bindir[@],$(bindir),g' \
	  $(srcdir)/init/sluis-prune.service.in > $@.tmp && mv $@.tmp $@
init/sluis-aggregate-reports.service: init/sluis-aggregate-reports.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) init && sed 's,[@]bindir[@],$(bindir),g' \
	  $(srcdir)/init/sluis-aggregate-reports.service.in > $@.tmp && mv $@.tmp $@
init/sluisd.service: init/sluisd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) init && \
	  sed 's,[@]sbindir[@],$(sbindir),g' $(srcdir)/init/sluisd.service.in > $@.tmp && mv $@.tmp $@

examplesdir = $(docdir)/examples
dist_examples_DATA = init/postfix.cf init/sendmail.mc init/sluis.conf

sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
logrotatedir = $(sysconfdir)/logrotate.d
sluisconfdir = $(sysconfdir)/sluis

# All of them are called sluis.conf where they go. A configuration in use is never overwritten, and removed only
# where nobody has changed it.
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysusersdir)' '$(DESTDIR)$(tmpfilesdir)' '$(DESTDIR)$(logrotatedir)' \
	  '$(DESTDIR)$(sluisconfdir)'
	$(INSTALL_DATA) $(srcdir)/init/sysusers.conf '$(DESTDIR)$(sysusersdir)/sluis.conf'
	$(INSTALL_DATA) $(srcdir)/init/tmpfiles.conf '$(DESTDIR)$(tmpfilesdir)/sluis.conf'
	$(INSTALL_DATA) $(srcdir)/init/logrotate '$(DESTDIR)$(logrotatedir)/sluis'
	test -e '$(DESTDIR)$(sluisconfdir)/sluis.conf' || \
	  $(INSTALL_DATA) $(srcdir)/init/sluis.conf '$(DESTDIR)$(sluisconfdir)/sluis.conf'

uninstall-local:
	rm -f '$(DESTDIR)$(sysusersdir)/sluis.conf' '$(DESTDIR)$(tmpfilesdir)/sluis.conf' \
	  '$(DESTDIR)$(logrotatedir)/sluis'
	if cmp -s $(srcdir)/init/sluis.conf '$(DESTDIR)$(sluisconfdir)/sluis.conf'; then \
	  rm -f '$(DESTDIR)$(sluisconfdir)/sluis.conf'; \
	fi
