# Sources, libraries and tests of tests/.
