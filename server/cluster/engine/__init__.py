"""What several nodes share, as each of them sees it: rooms with a term and a log, beats, inboxes."""
