"""Speed tables, quality on labelled sets, and fitting. Not part of the package; may import anything below the app."""
