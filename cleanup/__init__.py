"""What was meant: watermark, text rules, corrections, amounts, confidence."""
