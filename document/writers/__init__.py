"""One file per output format; each writes from a Document and nothing else."""
