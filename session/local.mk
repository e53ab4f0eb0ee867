# Sources, libraries and tests of session/.
