"""Drawn samples, the scanner, metrics and peers. Nobody imports this."""
