"""Code shared by test files and the programs in tools/."""
