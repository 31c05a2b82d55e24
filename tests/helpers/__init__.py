"""What several test files and the programs in tools/ share."""
