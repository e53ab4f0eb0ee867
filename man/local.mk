# Sources, libraries and tests of man/.
