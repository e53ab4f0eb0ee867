# Sources, libraries and tests of init/.

# The example shows every option with its default. It is installed beside the configuration in use, never over it.
EXTRA_DIST += init/sluis.conf
CLEANFILES += init/sluis.conf.example
configexampledir = $(sysconfdir)/sluis
nodist_configexample_DATA = init/sluis.conf.example
init/sluis.conf.example: init/sluis.conf
	$(AM_V_GEN)$(MKDIR_P) init && cp '$(srcdir)/init/sluis.conf' $@
