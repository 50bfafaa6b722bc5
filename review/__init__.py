"""The review desk (复核台): unsure fields before an operator's eyes, every decision on record.

``document`` and ``dictionaries`` are all it knows of the rest; what it needs of pixels, clean-up and flows is handed
in.
"""
