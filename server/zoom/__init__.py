"""Attendance of Zoom webinars and meetings: read from Zoom, kept like that of meetings held here. Extra `zoom`."""
