"""One adapter per OCR library; nothing else imports these libraries."""
