"""Who attended Zoom webinars and meetings: read from Zoom, kept as meetings are. Extra `zoom`."""
