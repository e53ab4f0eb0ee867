# The manual pages, and the check that the documents keep up with the options.
dist_man_MANS = man/sluis.conf.5 man/sluisctl.1 man/sluisd.8
EXTRA_DIST += README.md doc/architecture.md doc/database.md doc/evidence.md doc/libraries.md \
  doc/performance.md doc/report.png doc/testing.md doc/soak.svg tests/docs_check.py
TESTS += tests/docs_check.py
