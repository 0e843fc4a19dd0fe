"""Speed and memory of the server, as ratios to reference servers measured in the same run."""
