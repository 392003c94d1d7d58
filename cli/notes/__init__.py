"""The notes: chapters in Markdown whose judged sentences link to claims, read with the verdicts of records."""
