"""The client side for programs: they take part in meetings as the page does, without a browser."""
