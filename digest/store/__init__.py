"""The only SQL. `tables` says what there is; then one file a noun, with named questions on domain values."""
