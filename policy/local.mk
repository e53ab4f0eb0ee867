# Sources, libraries and tests of policy/.
