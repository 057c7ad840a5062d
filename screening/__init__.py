"""The batch job: recipe space, gates, streamed scoring, ranking and report."""
