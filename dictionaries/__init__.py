"""Data files with their source and years, and the loader that validates them."""
