"""The types that pass between the steps, their JSON, and the writers. Imports nothing of ours."""
