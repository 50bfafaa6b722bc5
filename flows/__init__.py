"""The way of one document, and Prefect around it."""
