# Sources, libraries and tests of init/.
