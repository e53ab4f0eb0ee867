# Sources, libraries and tests of milter/.
