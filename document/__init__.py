"""The types that pass between the steps, their JSON, and the writers. Imports nothing of ours."""

import sys

# PyMuPDF 2 loads a network for page layouts and the libraries of a Markdown converter whenever it is imported: 0.8 s of
# processor time and 60 MB in each process for what nothing here uses. Told that they are not there, it does without.
sys.modules.setdefault("pymupdf.layout", None)  # type: ignore[arg-type]
sys.modules.setdefault("pymupdf4llm", None)  # type: ignore[arg-type]
