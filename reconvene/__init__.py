"""The client's side, for programs: what a page is to a meeting, without a page."""
